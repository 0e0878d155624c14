#include "sqlite/sqlite_audit_log.hpp"

#include <stdexcept>

#include "audit/hash_chain.hpp"
#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement read_audit_log{"read_audit_log", R"(
  SELECT sequence, at_ms, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash,
         hash
  FROM audit_log WHERE tenant_id = ? AND sequence > ? ORDER BY sequence LIMIT ?)"};

constexpr Statement list_audit_log{"list_audit_log", R"(
  SELECT sequence, at_ms, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash,
         hash
  FROM audit_log
  WHERE tenant_id = ?1 AND (?2 IS NULL OR sequence < ?2) AND (?3 IS NULL OR action = ?3)
    AND (?4 IS NULL OR actor_id = ?4) AND (?5 IS NULL OR at_ms >= ?5) AND (?6 IS NULL OR at_ms < ?6)
  ORDER BY sequence DESC LIMIT ?7)"};

// SQLite plans once for every value of its parameters: with these two filters the index leads.
constexpr Statement list_by_target{"list_audit_log_by_target", R"(
  SELECT sequence, at_ms, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash,
         hash
  FROM audit_log
  WHERE tenant_id = ?1 AND (?2 IS NULL OR sequence < ?2) AND (?3 IS NULL OR action = ?3)
    AND (?4 IS NULL OR actor_id = ?4) AND (?5 IS NULL OR at_ms >= ?5) AND (?6 IS NULL OR at_ms < ?6)
    AND target = ?8 AND (?9 IS NULL OR correlation_id = ?9)
  ORDER BY sequence DESC LIMIT ?7)"};

constexpr Statement list_by_correlation{"list_audit_log_by_correlation", R"(
  SELECT sequence, at_ms, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash,
         hash
  FROM audit_log
  WHERE tenant_id = ?1 AND (?2 IS NULL OR sequence < ?2) AND (?3 IS NULL OR action = ?3)
    AND (?4 IS NULL OR actor_id = ?4) AND (?5 IS NULL OR at_ms >= ?5) AND (?6 IS NULL OR at_ms < ?6)
    AND correlation_id = ?8 AND correlation_id <> ''
  ORDER BY sequence DESC LIMIT ?7)"};

constexpr Statement list_by_reference{"list_audit_log_by_reference", R"(
  SELECT a.sequence, at_ms, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash,
         hash
  FROM audit_references r CROSS JOIN audit_log a ON a.tenant_id = r.tenant_id AND a.sequence = r.sequence
  WHERE r.tenant_id = ?1 AND r.reference = ?8 AND (?2 IS NULL OR r.sequence < ?2) AND (?3 IS NULL OR action = ?3)
    AND (?4 IS NULL OR actor_id = ?4) AND (?5 IS NULL OR at_ms >= ?5) AND (?6 IS NULL OR at_ms < ?6)
    AND (?9 IS NULL OR target = ?9) AND (?10 IS NULL OR correlation_id = ?10)
  ORDER BY r.sequence DESC LIMIT ?7)"};

const Statement& statement_of(const audit::AuditFilter& filter) {
  if (filter.reference) return list_by_reference;
  if (filter.target) return list_by_target;
  return filter.correlation_id ? list_by_correlation : list_audit_log;
}

constexpr Statement read_heads{"read_chain_heads", "SELECT tenant_id, sequence, hash FROM audit_chain_heads"};

std::vector<audit::Record> records_of(Query& rows, const TenantId& tenant) {
  std::vector<audit::Record> records;
  while (rows.step()) {
    audit::Record record;
    record.link = {rows.int8(0), rows.bytes32(9), rows.bytes32(10)};
    record.entry = {.tenant = tenant,
                    .at = rows.time_at(1),
                    .actor_kind = audit::parse_actor_kind(rows.view(2)).value_or(audit::ActorKind::unknown),
                    .actor_id = rows.string(3),
                    .actor_role = rows.string(4),
                    .action = audit::parse_action(rows.view(5)).value_or(audit::Action::unknown),
                    .target = rows.string(6),
                    .correlation_id = rows.string(7),
                    .details = rows.string(8)};
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

void SqliteAuditLog::append(const std::vector<audit::Entry>& entries) {
  if (entries.empty()) return;
  std::vector<const audit::Entry*> pointers;
  for (const auto& entry : entries) pointers.push_back(&entry);
  const auto session = database_.writer();
  Transaction transaction{*session};
  append_to_chains(*session, pointers);
  transaction.commit();
}

std::vector<audit::Record> SqliteAuditLog::read(const TenantId& tenant, std::int64_t after, int limit) {
  if (limit < 1) throw std::invalid_argument("limit must be at least 1");
  const auto session = database_.reader();
  Query rows{*session, read_audit_log};
  rows.text(tenant.str()).integer(after).integer(limit);
  return records_of(rows, tenant);
}

std::vector<audit::Record> SqliteAuditLog::list(const TenantId& tenant, const audit::AuditFilter& filter) {
  if (filter.limit < 1 || filter.limit > 200) throw std::invalid_argument("limit must be from 1 to 200");
  const auto session = database_.reader();
  Query rows{*session, statement_of(filter)};
  rows.text(tenant.str())
      .optional_integer(filter.before)
      .optional_text(filter.action ? std::optional{to_string(*filter.action)} : std::nullopt)
      .optional_text(filter.actor_id)
      .optional_time(filter.from)
      .optional_time(filter.to)
      .integer(filter.limit);
  if (filter.reference)
    rows.text(*filter.reference).optional_text(filter.target).optional_text(filter.correlation_id);
  else if (filter.target)
    rows.text(*filter.target).optional_text(filter.correlation_id);
  else if (filter.correlation_id)
    rows.text(*filter.correlation_id);
  return records_of(rows, tenant);
}

audit::Link SqliteAuditLog::head(const TenantId& tenant) {
  const auto session = database_.reader();
  return head_of(*session, tenant);
}

std::vector<std::pair<std::string, audit::Link>> SqliteAuditLog::heads() {
  const auto session = database_.reader();
  Query rows{*session, read_heads};
  std::vector<std::pair<std::string, audit::Link>> heads;
  while (rows.step()) heads.emplace_back(rows.string(0), audit::Link{rows.int8(1), {}, rows.bytes32(2)});
  return heads;
}

}  // namespace opi::sqlite
