#pragma once
#include "delivery/waiting_deliveries.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteWaitingDeliveryStore final : public delivery::WaitingDeliveryStore {
 public:
  SqliteWaitingDeliveryStore(SqliteDatabase& database, const Clock& clock) : database_(database), clock_(clock) {}
  delivery::LiveCount count(const TenantId& tenant, const delivery::DeliveryFilter& filter) override;
  std::vector<delivery::MovedDelivery> cancel(const TenantId& tenant,
                                              std::span<const delivery::Cancellation> cancellations,
                                              const std::string& reason, const audit::Entry& by) override;
  bool retry_now(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by) override;

 private:
  SqliteDatabase& database_;
  const Clock& clock_;
};

}  // namespace opi::sqlite
