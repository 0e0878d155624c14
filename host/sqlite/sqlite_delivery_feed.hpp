#pragma once
#include "delivery/delivery_feed.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteDeliveryFeed final : public delivery::DeliveryFeed {
 public:
  explicit SqliteDeliveryFeed(SqliteDatabase& database) : database_(database) {}
  std::vector<delivery::FeedEntry> read(const TenantId& tenant, std::int64_t after,
                                        std::span<const std::string_view> types, int limit) override;
  std::int64_t head(const TenantId& tenant) override;
  std::int64_t publishing_cursor(const TenantId& tenant) override;
  bool published(const TenantId& tenant, std::int64_t sequence, std::int64_t catalog_revision) override;
  void keep_publishing_only(std::span<const TenantId> tenants, std::int64_t catalog_revision) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
