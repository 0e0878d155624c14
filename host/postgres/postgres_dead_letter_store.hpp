#pragma once
#include "delivery/dead_letters.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresDeadLetterStore final : public delivery::DeadLetterStore {
 public:
  explicit PostgresDeadLetterStore(PostgresDatabase& database) : database_(database) {}
  std::int64_t count(const TenantId& tenant, const delivery::DeliveryFilter& filter) override;
  std::vector<DeliveryId> find(const TenantId& tenant, const delivery::DeliveryFilter& filter, const DeliveryId& after,
                               int limit) override;
  std::vector<delivery::MovedDelivery> replay(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                              const audit::Entry& by) override;
  std::vector<delivery::MovedDelivery> discard(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                               const std::string& reason, const audit::Entry& by) override;

  std::vector<delivery::MovedDelivery> resend(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                              const audit::Entry& by) override;

 private:
  std::vector<delivery::MovedDelivery> revive(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                              std::span<const DeliveryState> from, const audit::Entry& by);
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
