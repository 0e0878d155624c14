#pragma once
#include "delivery/event_query.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteEventQuery final : public delivery::EventQuery {
 public:
  explicit SqliteEventQuery(SqliteDatabase& database) : database_(database) {}
  std::vector<delivery::EventView> list(const TenantId& tenant, const delivery::EventFilter& filter) override;
  std::optional<delivery::EventView> find(const TenantId& tenant, const EventId& event) override;
  std::optional<std::string> payload(const TenantId& tenant, const EventId& event) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
