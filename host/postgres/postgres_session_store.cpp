#include "postgres/postgres_session_store.hpp"

#include "postgres/audit_chain.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

constexpr int removed_at_once = 100;

std::optional<std::array<std::uint8_t, 32>> optional_bytes32(const Rows& rows, int row, int column) {
  return rows.is_null(row, column) ? std::nullopt : std::optional{rows.bytes32(row, column)};
}

}  // namespace

constexpr Statement find_session{"find_session", R"(
  SELECT tenant_id, role, actor_kind, actor_id, token_hash, created_at, expires_at, revoked_at
  FROM sessions WHERE session_hash = $1::bytea)"};

std::optional<identity::SessionRecord> PostgresSessionStore::find(const identity::SessionHash& hash) {
  auto session = database_.general().borrow();
  const auto rows = session->execute(find_session, Parameters{}.bytes(hash));
  if (rows.empty()) return std::nullopt;
  identity::SessionRecord record;
  record.hash = hash;
  if (!rows.text(0, 0).empty()) record.tenant = TenantId::parse(rows.text(0, 0)).value();
  record.role = parse_role(rows.text(0, 1)).value();
  record.actor_kind = audit::parse_actor_kind(rows.text(0, 2)).value();
  record.actor_id = rows.string(0, 3);
  record.token = optional_bytes32(rows, 0, 4);
  record.created_at = rows.time(0, 5);
  record.expires_at = rows.time(0, 6);
  record.revoked_at = rows.optional_time(0, 7);
  return record;
}

constexpr Statement remove_expired_sessions{"remove_expired_sessions", R"(
  DELETE FROM sessions WHERE session_hash IN (
    SELECT session_hash FROM sessions WHERE expires_at <= $1::timestamptz
    ORDER BY expires_at LIMIT $2::int FOR UPDATE SKIP LOCKED))"};

constexpr Statement insert_session{"insert_session", R"(
  INSERT INTO sessions (tenant_id, session_hash, token_hash, actor_kind, actor_id, role, created_at, expires_at)
  VALUES ($1::text, $2::bytea, $3::bytea, $4::text, $5::text, $6::text, $7::timestamptz, $8::timestamptz))"};

void PostgresSessionStore::insert(const identity::SessionRecord& record, const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  session->execute(remove_expired_sessions, Parameters{}.time(record.created_at).int4(removed_at_once));
  Parameters parameters;
  parameters.text(record.tenant.str()).bytes(record.hash);
  if (record.token)
    parameters.bytes(*record.token);
  else
    parameters.null();
  session->execute(insert_session, parameters.text(to_string(record.actor_kind))
                                       .text(record.actor_id)
                                       .text(to_string(record.role))
                                       .time(record.created_at)
                                       .time(record.expires_at));
  append_to_chains(*session, {&entry});
  transaction.commit();
}

constexpr Statement revoke_session{"revoke_session", R"(
  UPDATE sessions SET revoked_at = $2::timestamptz WHERE session_hash = $1::bytea AND revoked_at IS NULL)"};

bool PostgresSessionStore::revoke(const identity::SessionHash& hash, UnixTime now, const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  if (session->execute(revoke_session, Parameters{}.bytes(hash).time(now)).affected() == 0) return false;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::postgres
