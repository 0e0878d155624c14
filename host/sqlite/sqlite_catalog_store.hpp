#pragma once
#include "delivery/catalog_store.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteCatalogStore final : public delivery::CatalogStore {
 public:
  explicit SqliteCatalogStore(SqliteDatabase& database) : database_(database) {}
  std::int64_t revision() override;
  Catalog load() override;
  delivery::WriteResult write_tenant(const Tenant& tenant, const delivery::Expectation& expected,
                                     const audit::Entry& entry) override;
  delivery::WriteResult write_destination(const Destination& destination, const delivery::Expectation& expected,
                                          const audit::Entry& entry) override;
  delivery::WriteResult delete_destination(const TenantId& tenant, const DestinationId& destination,
                                           const delivery::Expectation& expected, const audit::Entry& entry) override;
  std::vector<delivery::SecretReceiver> secret_receivers(std::string_view scheme,
                                                         const std::optional<delivery::SecretReceiver>& after) override;
  bool disable_destination(const TenantId& tenant, const DestinationId& destination, const std::string& reason,
                           const audit::Entry& entry) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
