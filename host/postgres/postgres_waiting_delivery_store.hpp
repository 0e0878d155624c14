#pragma once
#include "delivery/waiting_deliveries.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresWaitingDeliveryStore final : public delivery::WaitingDeliveryStore {
 public:
  explicit PostgresWaitingDeliveryStore(PostgresDatabase& database) : database_(database) {}
  delivery::LiveCount count(const TenantId& tenant, const delivery::DeliveryFilter& filter) override;
  std::vector<delivery::MovedDelivery> cancel(const TenantId& tenant,
                                              std::span<const delivery::Cancellation> cancellations,
                                              const std::string& reason, const audit::Entry& by) override;
  bool retry_now(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
