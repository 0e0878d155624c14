#include "sqlite/sqlite_session_store.hpp"

#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr int removed_at_once = 100;

Query& optional_blob(Query& query, const std::optional<std::array<std::uint8_t, 32>>& bytes) {
  return bytes ? query.blob(*bytes) : query.null();
}

}  // namespace

constexpr Statement find_session{"find_session", R"(
  SELECT tenant_id, role, actor_kind, actor_id, token_hash, created_at_ms, expires_at_ms, revoked_at_ms, by_link
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
  record.by_link = row.int8(8) != 0;
  return record;
}

constexpr Statement remove_expired_sessions{"remove_expired_sessions", R"(
  DELETE FROM sessions WHERE (tenant_id, session_hash) IN (
    SELECT tenant_id, session_hash FROM sessions WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?))"};

constexpr Statement remove_expired_links{"remove_expired_portal_links", R"(
  DELETE FROM portal_links WHERE (tenant_id, link_hash) IN (
    SELECT tenant_id, link_hash FROM portal_links WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?))"};

constexpr Statement insert_session{"insert_session", R"(
  INSERT INTO sessions
    (tenant_id, session_hash, token_hash, actor_kind, actor_id, role, created_at_ms, expires_at_ms, by_link)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?))"};

namespace {

void insert_on(Connection& connection, const identity::SessionRecord& record, const audit::Entry& entry) {
  Query{connection, remove_expired_sessions}.time(record.created_at).integer(removed_at_once).run();
  Query{connection, remove_expired_links}.time(record.created_at).integer(removed_at_once).run();
  Query insertion{connection, insert_session};
  insertion.text(record.tenant.str()).blob(record.hash);
  optional_blob(insertion, record.token)
      .text(to_string(record.actor_kind))
      .text(record.actor_id)
      .text(to_string(record.role))
      .time(record.created_at)
      .time(record.expires_at)
      .integer(record.by_link ? 1 : 0)
      .run();
  append_to_chains(connection, {&entry});
}

}  // namespace

void SqliteSessionStore::insert(const identity::SessionRecord& record, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  insert_on(*session, record, entry);
  transaction.commit();
}

constexpr Statement insert_portal_link{"insert_portal_link", R"(
  INSERT INTO portal_links (tenant_id, link_hash, role, subject, token_hash, expires_at_ms, session_ms, session_until_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?))"};

void SqliteSessionStore::insert_link(const identity::PortalLink& link, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  Query insertion{*session, insert_portal_link};
  insertion.text(link.tenant.str()).blob(link.hash).text(to_string(link.role)).text(link.subject);
  optional_blob(insertion, link.token)
      .time(link.expires_at)
      .integer(link.session_lifetime.count())
      .optional_time(link.session_until)
      .run();
  append_to_chains(*session, {&entry});
  transaction.commit();
}

constexpr Statement find_portal_link{"find_portal_link", R"(
  SELECT tenant_id, role, subject, token_hash, expires_at_ms, session_ms, session_until_ms
  FROM portal_links WHERE link_hash = ?)"};

std::optional<identity::PortalLink> SqliteSessionStore::find_link(const identity::PortalLinkHash& hash) {
  const auto session = database_.reader();
  Query row{*session, find_portal_link};
  if (!row.blob(hash).step()) return std::nullopt;
  identity::PortalLink link;
  link.hash = hash;
  link.tenant = TenantId::parse(row.view(0)).value();
  link.role = parse_role(row.view(1)).value();
  link.subject = row.string(2);
  if (!row.is_null(3)) link.token = row.bytes32(3);
  link.expires_at = row.time_at(4);
  link.session_lifetime = std::chrono::milliseconds{row.int8(5)};
  link.session_until = row.optional_time_at(6);
  return link;
}

constexpr Statement use_portal_link{"use_portal_link", "DELETE FROM portal_links WHERE link_hash = ?"};

bool SqliteSessionStore::insert_by_link(const identity::PortalLinkHash& link, const identity::SessionRecord& record,
                                        const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  if (Query{*session, use_portal_link}.blob(link).run() == 0) return false;
  insert_on(*session, record, entry);
  transaction.commit();
  return true;
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
