#pragma once
#include "delivery/delivery_health.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresHealthQuery final : public delivery::HealthQuery {
 public:
  explicit PostgresHealthQuery(PostgresDatabase& database) : database_(database) {}
  delivery::DeliveryHealth health(const TenantId& tenant, UnixTime from, UnixTime to,
                                  std::chrono::minutes bucket) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
