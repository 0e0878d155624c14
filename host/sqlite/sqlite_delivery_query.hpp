#pragma once
#include "delivery/delivery_query.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteDeliveryQuery final : public delivery::DeliveryQuery {
 public:
  explicit SqliteDeliveryQuery(SqliteDatabase& database) : database_(database) {}
  std::vector<delivery::DeliveryView> list(const TenantId& tenant, const delivery::DeliveryFilter& filter) override;
  std::optional<delivery::DeliveryView> find(const TenantId& tenant, const DeliveryId& delivery) override;
  std::optional<DeliveryId> find(const TenantId& tenant, const IdempotencyKey& key) override;
  std::optional<DeliveryId> waits_for(const TenantId& tenant, const DeliveryId& delivery) override;
  std::vector<Attempt> attempts(const TenantId& tenant, const DeliveryId& delivery) override;
  std::vector<delivery::DeliveryCount> counts(const TenantId& tenant) override;
  void recent_events(const TenantId& tenant, int limit,
                     const std::function<bool(const Event& event, UnixTime received_at)>& visit) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
