#pragma once
#include "identity/token_store.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresTokenStore final : public identity::TokenStore {
 public:
  explicit PostgresTokenStore(PostgresDatabase& database) : database_(database) {}
  std::optional<identity::TokenRecord> find(const identity::TokenHash& hash) override;
  bool insert(const identity::TokenRecord& token, const audit::Entry& entry) override;
  std::vector<identity::TokenRecord> list(const TenantId& tenant, const identity::TokenPage& page) override;
  identity::RevokeResult revoke(const TenantId& tenant, const std::string& prefix, UnixTime now,
                                const audit::Entry& entry) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
