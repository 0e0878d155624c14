#include "postgres/postgres_audit_log.hpp"

#include <stdexcept>

#include "audit/hash_chain.hpp"
#include "postgres/audit_chain.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

constexpr Statement read_audit_log{"read_audit_log", R"(
  SELECT sequence, at, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash, hash
  FROM audit_log WHERE tenant_id = $1::text AND sequence > $2::bigint ORDER BY sequence LIMIT $3::int)"};

constexpr Statement list_audit_log{"list_audit_log", R"(
  SELECT sequence, at, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash, hash
  FROM audit_log
  WHERE tenant_id = $1::text AND ($2::bigint IS NULL OR sequence < $2::bigint)
    AND ($3::text IS NULL OR action = $3::text) AND ($4::text IS NULL OR actor_id = $4::text)
    AND ($5::text IS NULL OR target = $5::text)
    AND ($6::text IS NULL OR correlation_id = $6::text AND correlation_id <> '')
    AND ($7::timestamptz IS NULL OR at >= $7::timestamptz) AND ($8::timestamptz IS NULL OR at < $8::timestamptz)
  ORDER BY sequence DESC LIMIT $9::int)"};

constexpr Statement list_by_reference{"list_audit_log_by_reference", R"(
  SELECT a.sequence, at, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash, hash
  FROM audit_references r JOIN audit_log a ON a.tenant_id = r.tenant_id AND a.sequence = r.sequence
  WHERE r.tenant_id = $1::text AND r.reference = $10::text AND ($2::bigint IS NULL OR r.sequence < $2::bigint)
    AND ($3::text IS NULL OR action = $3::text) AND ($4::text IS NULL OR actor_id = $4::text)
    AND ($5::text IS NULL OR target = $5::text)
    AND ($6::text IS NULL OR correlation_id = $6::text AND correlation_id <> '')
    AND ($7::timestamptz IS NULL OR at >= $7::timestamptz) AND ($8::timestamptz IS NULL OR at < $8::timestamptz)
  ORDER BY r.sequence DESC LIMIT $9::int)"};

constexpr Statement read_head{"read_chain_head",
                              "SELECT sequence, hash FROM audit_chain_heads WHERE tenant_id = $1::text"};

constexpr Statement read_heads{"read_chain_heads", "SELECT tenant_id, sequence, hash FROM audit_chain_heads"};

std::vector<audit::Record> records_of(const Rows& rows, const TenantId& tenant) {
  std::vector<audit::Record> records;
  for (int i = 0; i < rows.size(); ++i) {
    audit::Record record;
    record.link = {rows.int8(i, 0), rows.bytes32(i, 9), rows.bytes32(i, 10)};
    record.entry = {.tenant = tenant,
                    .at = rows.time(i, 1),
                    .actor_kind = audit::parse_actor_kind(rows.text(i, 2)).value_or(audit::ActorKind::unknown),
                    .actor_id = rows.string(i, 3),
                    .actor_role = rows.string(i, 4),
                    .action = audit::parse_action(rows.text(i, 5)).value_or(audit::Action::unknown),
                    .target = rows.string(i, 6),
                    .correlation_id = rows.string(i, 7),
                    .details = rows.string(i, 8)};
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

void PostgresAuditLog::append(const std::vector<audit::Entry>& entries) {
  if (entries.empty()) return;
  std::vector<const audit::Entry*> pointers;
  for (const auto& entry : entries) pointers.push_back(&entry);
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  append_to_chains(*session, pointers);
  transaction.commit();
}

std::vector<audit::Record> PostgresAuditLog::read(const TenantId& tenant, std::int64_t after, int limit) {
  if (limit < 1) throw std::invalid_argument("limit must be at least 1");
  auto session = database_.tenant(tenant);
  return records_of(session->execute(read_audit_log, Parameters{}.text(tenant.str()).int8(after).int4(limit)), tenant);
}

std::vector<audit::Record> PostgresAuditLog::list(const TenantId& tenant, const audit::AuditFilter& filter) {
  if (filter.limit < 1 || filter.limit > 200) throw std::invalid_argument("limit must be from 1 to 200");
  Parameters parameters;
  parameters.text(tenant.str())
      .optional_int8(filter.before)
      .optional_text(filter.action ? std::optional{to_string(*filter.action)} : std::nullopt)
      .optional_text(filter.actor_id)
      .optional_text(filter.target)
      .optional_text(filter.correlation_id)
      .optional_time(filter.from)
      .optional_time(filter.to)
      .int4(filter.limit);
  if (filter.reference) parameters.text(*filter.reference);
  auto session = database_.tenant(tenant);
  return records_of(session->execute(filter.reference ? list_by_reference : list_audit_log, parameters), tenant);
}

audit::Link PostgresAuditLog::head(const TenantId& tenant) {
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(read_head, Parameters{}.text(tenant.str()));
  if (rows.empty()) return audit::genesis(tenant);
  return {rows.int8(0, 0), {}, rows.bytes32(0, 1)};
}

std::vector<std::pair<std::string, audit::Link>> PostgresAuditLog::heads() {
  auto session = database_.general().borrow();
  const auto rows = session->execute(read_heads);
  std::vector<std::pair<std::string, audit::Link>> heads;
  for (int i = 0; i < rows.size(); ++i)
    heads.emplace_back(rows.string(i, 0), audit::Link{rows.int8(i, 1), {}, rows.bytes32(i, 2)});
  return heads;
}

}  // namespace opi::postgres
