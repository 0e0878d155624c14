#include "postgres/postgres_token_store.hpp"

#include "postgres/audit_chain.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

constexpr Statement find_token{"find_token", R"(
  SELECT tenant_id, prefix, role, label, created_at, expires_at, revoked_at, token_hash
  FROM api_tokens WHERE token_hash = $1::bytea)"};

constexpr Statement insert_token{"insert_token", R"(
  INSERT INTO api_tokens (tenant_id, token_hash, prefix, role, label, created_at, expires_at, revoked_at)
  VALUES ($1::text, $2::bytea, $3::text, $4::text, $5::text, $6::timestamptz, $7::timestamptz, $8::timestamptz)
  ON CONFLICT (token_hash) DO NOTHING)"};

// The row of a SELECT like find_token's.
identity::TokenRecord token_at(const Rows& rows, int row) {
  identity::TokenRecord token;
  if (!rows.text(row, 0).empty()) token.tenant = TenantId::parse(rows.text(row, 0)).value();
  token.prefix = rows.string(row, 1);
  token.role = parse_role(rows.text(row, 2)).value();
  token.label = rows.string(row, 3);
  token.created_at = rows.time(row, 4);
  token.expires_at = rows.optional_time(row, 5);
  token.revoked_at = rows.optional_time(row, 6);
  token.hash = rows.bytes32(row, 7);
  return token;
}

}  // namespace

std::optional<identity::TokenRecord> PostgresTokenStore::find(const identity::TokenHash& hash) {
  auto session = database_.general().borrow();
  const auto rows = session->execute(find_token, Parameters{}.bytes(hash));
  return rows.empty() ? std::nullopt : std::optional{token_at(rows, 0)};
}

bool PostgresTokenStore::insert(const identity::TokenRecord& token, const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  const auto rows = session->execute(insert_token, Parameters{}
                                                       .text(token.tenant.str())
                                                       .bytes(token.hash)
                                                       .text(token.prefix)
                                                       .text(to_string(token.role))
                                                       .text(token.label)
                                                       .time(token.created_at)
                                                       .optional_time(token.expires_at)
                                                       .optional_time(token.revoked_at));
  if (rows.affected() == 0) return false;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

constexpr Statement list_tokens{"list_tokens", R"(
  SELECT tenant_id, prefix, role, label, created_at, expires_at, revoked_at, token_hash
  FROM api_tokens
  WHERE tenant_id = $1::text AND ($2::timestamptz IS NULL OR (created_at, prefix) < ($2::timestamptz, $3::text))
  ORDER BY created_at DESC, prefix DESC LIMIT $4::int)"};

std::vector<identity::TokenRecord> PostgresTokenStore::list(const TenantId& tenant, const identity::TokenPage& page) {
  auto session = database_.tenant(tenant);
  Parameters parameters;
  parameters.text(tenant.str());
  if (page.before)
    parameters.time(page.before->created_at).text(page.before->prefix);
  else
    parameters.null().null();
  const auto rows = session->execute(list_tokens, parameters.int4(page.limit));
  std::vector<identity::TokenRecord> tokens;
  for (int i = 0; i < rows.size(); ++i) tokens.push_back(token_at(rows, i));
  return tokens;
}

constexpr Statement revoke_token{"revoke_token", R"(
  UPDATE api_tokens SET revoked_at = $3::timestamptz
  WHERE tenant_id = $1::text AND prefix = $2::text AND revoked_at IS NULL)"};

constexpr Statement token_exists{"token_exists", R"(
  SELECT 1 FROM api_tokens WHERE tenant_id = $1::text AND prefix = $2::text LIMIT 1)"};

identity::RevokeResult PostgresTokenStore::revoke(const TenantId& tenant, const std::string& prefix, UnixTime now,
                                                  const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  if (session->execute(revoke_token, Parameters{}.text(tenant.str()).text(prefix).time(now)).affected() == 0)
    return session->execute(token_exists, Parameters{}.text(tenant.str()).text(prefix)).empty()
               ? identity::RevokeResult::unknown
               : identity::RevokeResult::revoked_before;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return identity::RevokeResult::revoked;
}

}  // namespace opi::postgres
