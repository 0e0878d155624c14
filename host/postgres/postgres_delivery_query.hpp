#pragma once
#include "delivery/delivery_query.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresDeliveryQuery final : public delivery::DeliveryQuery {
 public:
  explicit PostgresDeliveryQuery(PostgresDatabase& database) : database_(database) {}
  std::vector<delivery::DeliveryView> list(const TenantId& tenant, const delivery::DeliveryFilter& filter) override;
  std::optional<delivery::DeliveryView> find(const TenantId& tenant, const DeliveryId& delivery) override;
  std::optional<DeliveryId> find(const TenantId& tenant, const IdempotencyKey& key) override;
  std::optional<DeliveryId> waits_for(const TenantId& tenant, const DeliveryId& delivery) override;
  std::vector<Attempt> attempts(const TenantId& tenant, const DeliveryId& delivery) override;
  std::vector<delivery::DeliveryCount> counts(const TenantId& tenant) override;
  void recent_events(const TenantId& tenant, int limit,
                     const std::function<bool(const Event& event, UnixTime received_at)>& visit) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
