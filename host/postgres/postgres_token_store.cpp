#include "postgres/postgres_token_store.hpp"

#include "postgres/audit_chain.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

constexpr Statement find_token{"find_token", R"(
  SELECT tenant_id, prefix, role, label, created_at, expires_at, revoked_at
  FROM api_tokens WHERE token_hash = $1::bytea)"};

constexpr Statement insert_token{"insert_token", R"(
  INSERT INTO api_tokens (tenant_id, token_hash, prefix, role, label, created_at, expires_at, revoked_at)
  VALUES ($1::text, $2::bytea, $3::text, $4::text, $5::text, $6::timestamptz, $7::timestamptz, $8::timestamptz)
  ON CONFLICT (token_hash) DO NOTHING)"};

}  // namespace

std::optional<identity::TokenRecord> PostgresTokenStore::find(const identity::TokenHash& hash) {
  auto session = database_.general().borrow();
  const auto rows = session->execute(find_token, Parameters{}.bytes(hash));
  if (rows.empty()) return std::nullopt;
  identity::TokenRecord token;
  token.hash = hash;
  if (!rows.text(0, 0).empty()) token.tenant = TenantId::parse(rows.text(0, 0)).value();
  token.prefix = rows.string(0, 1);
  token.role = parse_role(rows.text(0, 2)).value();
  token.label = rows.string(0, 3);
  token.created_at = rows.time(0, 4);
  token.expires_at = rows.optional_time(0, 5);
  token.revoked_at = rows.optional_time(0, 6);
  return token;
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

}  // namespace opi::postgres
