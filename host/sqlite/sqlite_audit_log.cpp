#include "sqlite/sqlite_audit_log.hpp"

#include <stdexcept>

#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement read_audit_log{"read_audit_log", R"(
  SELECT sequence, at_ms, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash,
         hash
  FROM audit_log WHERE tenant_id = ? AND sequence > ? ORDER BY sequence LIMIT ?)"};

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
  std::vector<audit::Record> records;
  while (rows.step()) {
    audit::Record record;
    record.link = {rows.int8(0), rows.bytes32(9), rows.bytes32(10)};
    record.entry = {.tenant = tenant,
                    .at = rows.time_at(1),
                    .actor_kind = audit::parse_actor_kind(rows.view(2)).value(),
                    .actor_id = rows.string(3),
                    .actor_role = rows.string(4),
                    .action = audit::parse_action(rows.view(5)).value(),
                    .target = rows.string(6),
                    .correlation_id = rows.string(7),
                    .details = rows.string(8)};
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace opi::sqlite
