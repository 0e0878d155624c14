#pragma once
#include "delivery/event_query.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresEventQuery final : public delivery::EventQuery {
 public:
  explicit PostgresEventQuery(PostgresDatabase& database) : database_(database) {}
  std::vector<delivery::EventView> list(const TenantId& tenant, const delivery::EventFilter& filter) override;
  std::optional<delivery::EventView> find(const TenantId& tenant, const EventId& event) override;
  std::optional<std::string> payload(const TenantId& tenant, const EventId& event) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
