#pragma once
#include "delivery/retention.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteRetentionStore final : public delivery::RetentionStore {
 public:
  explicit SqliteRetentionStore(SqliteDatabase& database) : database_(database) {}
  delivery::RemovedDeliveries remove_deliveries(const TenantId& tenant, UnixTime delivered_before,
                                                UnixTime failed_before, const DeliveryId& after, int limit) override;
  std::int64_t remove_unrouted_events(const TenantId& tenant, UnixTime received_before, int limit) override;
  std::int64_t remove_delivery_events(const TenantId& tenant, UnixTime occurred_before, int limit) override;
  std::int64_t remove_operations(const TenantId& tenant, UnixTime finished_before, int limit) override;
  std::int64_t remove_rollup(const TenantId& tenant, UnixTime begun_before, int limit) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
