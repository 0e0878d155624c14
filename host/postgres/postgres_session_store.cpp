#include "postgres/postgres_session_store.hpp"

#include "postgres/audit_chain.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

constexpr int removed_at_once = 100;

std::optional<std::array<std::uint8_t, 32>> optional_bytes32(const Rows& rows, int row, int column) {
  return rows.is_null(row, column) ? std::nullopt : std::optional{rows.bytes32(row, column)};
}

Parameters& optional_bytes(Parameters& parameters, const std::optional<std::array<std::uint8_t, 32>>& bytes) {
  return bytes ? parameters.bytes(*bytes) : parameters.null();
}

}  // namespace

constexpr Statement find_session{"find_session", R"(
  SELECT tenant_id, role, actor_kind, actor_id, token_hash, created_at, expires_at, revoked_at, by_link
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
  record.by_link = rows.boolean(0, 8);
  return record;
}

constexpr Statement remove_expired_sessions{"remove_expired_sessions", R"(
  DELETE FROM sessions WHERE session_hash IN (
    SELECT session_hash FROM sessions WHERE expires_at <= $1::timestamptz
    ORDER BY expires_at LIMIT $2::int FOR UPDATE SKIP LOCKED))"};

constexpr Statement remove_expired_links{"remove_expired_portal_links", R"(
  DELETE FROM portal_links WHERE link_hash IN (
    SELECT link_hash FROM portal_links WHERE expires_at <= $1::timestamptz
    ORDER BY expires_at LIMIT $2::int FOR UPDATE SKIP LOCKED))"};

constexpr Statement insert_session{"insert_session", R"(
  INSERT INTO sessions
    (tenant_id, session_hash, token_hash, actor_kind, actor_id, role, created_at, expires_at, by_link)
  VALUES ($1::text, $2::bytea, $3::bytea, $4::text, $5::text, $6::text, $7::timestamptz, $8::timestamptz, $9::int <> 0))"};

namespace {

void insert_on(Connection& connection, const identity::SessionRecord& record, const audit::Entry& entry) {
  connection.execute(remove_expired_sessions, Parameters{}.time(record.created_at).int4(removed_at_once));
  connection.execute(remove_expired_links, Parameters{}.time(record.created_at).int4(removed_at_once));
  Parameters parameters;
  parameters.text(record.tenant.str()).bytes(record.hash);
  connection.execute(insert_session, optional_bytes(parameters, record.token)
                                         .text(to_string(record.actor_kind))
                                         .text(record.actor_id)
                                         .text(to_string(record.role))
                                         .time(record.created_at)
                                         .time(record.expires_at)
                                         .int4(record.by_link ? 1 : 0));
  append_to_chains(connection, {&entry});
}

}  // namespace

void PostgresSessionStore::insert(const identity::SessionRecord& record, const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  insert_on(*session, record, entry);
  transaction.commit();
}

constexpr Statement insert_portal_link{"insert_portal_link", R"(
  INSERT INTO portal_links (tenant_id, link_hash, role, subject, token_hash, expires_at, session_ms, session_until)
  VALUES ($1::text, $2::bytea, $3::text, $4::text, $5::bytea, $6::timestamptz, $7::bigint, $8::timestamptz))"};

void PostgresSessionStore::insert_link(const identity::PortalLink& link, const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  Parameters parameters;
  parameters.text(link.tenant.str()).bytes(link.hash).text(to_string(link.role)).text(link.subject);
  session->execute(insert_portal_link, optional_bytes(parameters, link.token)
                                           .time(link.expires_at)
                                           .int8(link.session_lifetime.count())
                                           .optional_time(link.session_until));
  append_to_chains(*session, {&entry});
  transaction.commit();
}

constexpr Statement find_portal_link{"find_portal_link", R"(
  SELECT tenant_id, role, subject, token_hash, expires_at, session_ms, session_until
  FROM portal_links WHERE link_hash = $1::bytea)"};

std::optional<identity::PortalLink> PostgresSessionStore::find_link(const identity::PortalLinkHash& hash) {
  auto session = database_.general().borrow();
  const auto rows = session->execute(find_portal_link, Parameters{}.bytes(hash));
  if (rows.empty()) return std::nullopt;
  return identity::PortalLink{hash,
                              TenantId::parse(rows.text(0, 0)).value(),
                              parse_role(rows.text(0, 1)).value(),
                              rows.string(0, 2),
                              optional_bytes32(rows, 0, 3),
                              rows.time(0, 4),
                              std::chrono::milliseconds{rows.int8(0, 5)},
                              rows.optional_time(0, 6)};
}

constexpr Statement use_portal_link{"use_portal_link", "DELETE FROM portal_links WHERE link_hash = $1::bytea"};

bool PostgresSessionStore::insert_by_link(const identity::PortalLinkHash& link, const identity::SessionRecord& record,
                                          const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  if (session->execute(use_portal_link, Parameters{}.bytes(link)).affected() == 0) return false;
  insert_on(*session, record, entry);
  transaction.commit();
  return true;
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
