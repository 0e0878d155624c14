#pragma once
#include "delivery/dead_letters.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteDeadLetterStore final : public delivery::DeadLetterStore {
 public:
  SqliteDeadLetterStore(SqliteDatabase& database, const Clock& clock) : database_(database), clock_(clock) {}
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
  SqliteDatabase& database_;
  const Clock& clock_;
};

}  // namespace opi::sqlite
