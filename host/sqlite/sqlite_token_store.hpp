#pragma once
#include "identity/token_store.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteTokenStore final : public identity::TokenStore {
 public:
  explicit SqliteTokenStore(SqliteDatabase& database) : database_(database) {}
  std::optional<identity::TokenRecord> find(const identity::TokenHash& hash) override;
  bool insert(const identity::TokenRecord& token, const audit::Entry& entry) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
