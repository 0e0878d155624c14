#pragma once
#include "delivery/retention.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

// On the general sessions, so that nothing of the deliveries' way waits for it. Of several daemons one at a time
// removes a tenant's rows: two that each remove one delivery of an event would both believe that it has another.
class PostgresRetentionStore final : public delivery::RetentionStore {
 public:
  explicit PostgresRetentionStore(PostgresDatabase& database) : database_(database) {}
  delivery::RemovedDeliveries remove_deliveries(const TenantId& tenant, UnixTime delivered_before,
                                                UnixTime failed_before, const DeliveryId& after, int limit) override;
  std::int64_t remove_unrouted_events(const TenantId& tenant, UnixTime received_before, int limit) override;
  std::int64_t remove_delivery_events(const TenantId& tenant, UnixTime occurred_before, int limit) override;
  std::int64_t remove_operations(const TenantId& tenant, UnixTime finished_before, int limit) override;
  std::int64_t remove_rollup(const TenantId& tenant, UnixTime begun_before, int limit) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
