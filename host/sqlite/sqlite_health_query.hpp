#pragma once
#include "delivery/delivery_health.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteHealthQuery final : public delivery::HealthQuery {
 public:
  explicit SqliteHealthQuery(SqliteDatabase& database) : database_(database) {}
  delivery::DeliveryHealth health(const TenantId& tenant, UnixTime from, UnixTime to,
                                  std::chrono::minutes bucket) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
