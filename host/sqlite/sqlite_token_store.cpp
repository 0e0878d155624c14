#include "sqlite/sqlite_token_store.hpp"

#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement find_token{"find_token", R"(
  SELECT tenant_id, prefix, role, label, created_at_ms, expires_at_ms, revoked_at_ms, token_hash
  FROM api_tokens WHERE token_hash = ?)"};

constexpr Statement insert_token{"insert_token", R"(
  INSERT INTO api_tokens (tenant_id, token_hash, prefix, role, label, created_at_ms, expires_at_ms, revoked_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (token_hash) DO NOTHING)"};

// The row of a SELECT like find_token's.
identity::TokenRecord token_of(const Query& row) {
  identity::TokenRecord token;
  if (!row.view(0).empty()) token.tenant = TenantId::parse(row.view(0)).value();
  token.prefix = row.string(1);
  token.role = parse_role(row.view(2)).value();
  token.label = row.string(3);
  token.created_at = row.time_at(4);
  token.expires_at = row.optional_time_at(5);
  token.revoked_at = row.optional_time_at(6);
  token.hash = row.bytes32(7);
  return token;
}

}  // namespace

std::optional<identity::TokenRecord> SqliteTokenStore::find(const identity::TokenHash& hash) {
  const auto session = database_.reader();
  Query row{*session, find_token};
  return row.blob(hash).step() ? std::optional{token_of(row)} : std::nullopt;
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

constexpr Statement list_tokens{"list_tokens", R"(
  SELECT tenant_id, prefix, role, label, created_at_ms, expires_at_ms, revoked_at_ms, token_hash
  FROM api_tokens WHERE tenant_id = ?1 AND (?2 IS NULL OR (created_at_ms, prefix) < (?2, ?3))
  ORDER BY created_at_ms DESC, prefix DESC LIMIT ?4)"};

std::vector<identity::TokenRecord> SqliteTokenStore::list(const TenantId& tenant, const identity::TokenPage& page) {
  const auto session = database_.reader();
  Query rows{*session, list_tokens};
  rows.text(tenant.str());
  if (page.before)
    rows.time(page.before->created_at).text(page.before->prefix);
  else
    rows.null().null();
  rows.integer(page.limit);
  std::vector<identity::TokenRecord> tokens;
  while (rows.step()) tokens.push_back(token_of(rows));
  return tokens;
}

constexpr Statement revoke_token{"revoke_token", R"(
  UPDATE api_tokens SET revoked_at_ms = ? WHERE tenant_id = ? AND prefix = ? AND revoked_at_ms IS NULL)"};

constexpr Statement token_exists{"token_exists", "SELECT 1 FROM api_tokens WHERE tenant_id = ? AND prefix = ? LIMIT 1"};

identity::RevokeResult SqliteTokenStore::revoke(const TenantId& tenant, const std::string& prefix, UnixTime now,
                                                const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  if (Query{*session, revoke_token}.time(now).text(tenant.str()).text(prefix).run() == 0)
    return Query{*session, token_exists}.text(tenant.str()).text(prefix).step() ? identity::RevokeResult::revoked_before
                                                                                : identity::RevokeResult::unknown;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return identity::RevokeResult::revoked;
}

}  // namespace opi::sqlite
