#include "sqlite/sqlite_token_store.hpp"

#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement find_token{"find_token", R"(
  SELECT tenant_id, prefix, role, label, created_at_ms, expires_at_ms, revoked_at_ms
  FROM api_tokens WHERE token_hash = ?)"};

constexpr Statement insert_token{"insert_token", R"(
  INSERT INTO api_tokens (tenant_id, token_hash, prefix, role, label, created_at_ms, expires_at_ms, revoked_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (token_hash) DO NOTHING)"};

}  // namespace

std::optional<identity::TokenRecord> SqliteTokenStore::find(const identity::TokenHash& hash) {
  const auto session = database_.reader();
  Query row{*session, find_token};
  if (!row.blob(hash).step()) return std::nullopt;
  identity::TokenRecord token;
  token.hash = hash;
  if (!row.view(0).empty()) token.tenant = TenantId::parse(row.view(0)).value();
  token.prefix = row.string(1);
  token.role = parse_role(row.view(2)).value();
  token.label = row.string(3);
  token.created_at = row.time_at(4);
  token.expires_at = row.optional_time_at(5);
  token.revoked_at = row.optional_time_at(6);
  return token;
}

bool SqliteTokenStore::insert(const identity::TokenRecord& token, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto inserted = Query{*session, insert_token}
                            .text(token.tenant.str())
                            .blob(token.hash)
                            .text(token.prefix)
                            .text(to_string(token.role))
                            .text(token.label)
                            .time(token.created_at)
                            .optional_time(token.expires_at)
                            .optional_time(token.revoked_at)
                            .run();
  if (inserted == 0) return false;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::sqlite
