#pragma once
#include "delivery/delivery_feed.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresDeliveryFeed final : public delivery::DeliveryFeed {
 public:
  explicit PostgresDeliveryFeed(PostgresDatabase& database) : database_(database) {}
  std::vector<delivery::FeedEntry> read(const TenantId& tenant, std::int64_t after,
                                        std::span<const std::string_view> types, int limit) override;
  std::int64_t head(const TenantId& tenant) override;
  std::int64_t publishing_cursor(const TenantId& tenant) override;
  bool published(const TenantId& tenant, std::int64_t sequence, std::int64_t catalog_revision) override;
  void keep_publishing_only(std::span<const TenantId> tenants, std::int64_t catalog_revision) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
