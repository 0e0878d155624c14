#include "sqlite/sqlite_session_store.hpp"

#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr int removed_at_once = 100;

}  // namespace

constexpr Statement find_session{"find_session", R"(
  SELECT tenant_id, role, actor_kind, actor_id, token_hash, created_at_ms, expires_at_ms, revoked_at_ms
  FROM sessions WHERE session_hash = ?)"};

std::optional<identity::SessionRecord> SqliteSessionStore::find(const identity::SessionHash& hash) {
  const auto session = database_.reader();
  Query row{*session, find_session};
  if (!row.blob(hash).step()) return std::nullopt;
  identity::SessionRecord record;
  record.hash = hash;
  if (!row.view(0).empty()) record.tenant = TenantId::parse(row.view(0)).value();
  record.role = parse_role(row.view(1)).value();
  record.actor_kind = audit::parse_actor_kind(row.view(2)).value();
  record.actor_id = row.string(3);
  if (!row.is_null(4)) record.token = row.bytes32(4);
  record.created_at = row.time_at(5);
  record.expires_at = row.time_at(6);
  record.revoked_at = row.optional_time_at(7);
  return record;
}

constexpr Statement remove_expired_sessions{"remove_expired_sessions", R"(
  DELETE FROM sessions WHERE (tenant_id, session_hash) IN (
    SELECT tenant_id, session_hash FROM sessions WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?))"};

constexpr Statement insert_session{"insert_session", R"(
  INSERT INTO sessions (tenant_id, session_hash, token_hash, actor_kind, actor_id, role, created_at_ms, expires_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?))"};

void SqliteSessionStore::insert(const identity::SessionRecord& record, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  Query{*session, remove_expired_sessions}.time(record.created_at).integer(removed_at_once).run();
  Query insertion{*session, insert_session};
  insertion.text(record.tenant.str()).blob(record.hash);
  if (record.token)
    insertion.blob(*record.token);
  else
    insertion.null();
  insertion.text(to_string(record.actor_kind))
      .text(record.actor_id)
      .text(to_string(record.role))
      .time(record.created_at)
      .time(record.expires_at)
      .run();
  append_to_chains(*session, {&entry});
  transaction.commit();
}

constexpr Statement revoke_session{"revoke_session", R"(
  UPDATE sessions SET revoked_at_ms = ? WHERE session_hash = ? AND revoked_at_ms IS NULL)"};

bool SqliteSessionStore::revoke(const identity::SessionHash& hash, UnixTime now, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  if (Query{*session, revoke_session}.time(now).blob(hash).run() == 0) return false;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::sqlite
