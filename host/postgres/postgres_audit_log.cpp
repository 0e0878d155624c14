#include "postgres/postgres_audit_log.hpp"

#include <stdexcept>

#include "postgres/audit_chain.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

constexpr Statement read_audit_log{"read_audit_log", R"(
  SELECT sequence, at, actor_kind, actor_id, actor_role, action, target, correlation_id, details, previous_hash, hash
  FROM audit_log WHERE tenant_id = $1::text AND sequence > $2::bigint ORDER BY sequence LIMIT $3::int)"};

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
  auto session = database_.general().borrow();
  const auto rows = session->execute(read_audit_log, Parameters{}.text(tenant.str()).int8(after).int4(limit));
  std::vector<audit::Record> records;
  for (int i = 0; i < rows.size(); ++i) {
    audit::Record record;
    record.link = {rows.int8(i, 0), rows.bytes32(i, 9), rows.bytes32(i, 10)};
    record.entry = {.tenant = tenant,
                    .at = rows.time(i, 1),
                    .actor_kind = audit::parse_actor_kind(rows.text(i, 2)).value(),
                    .actor_id = rows.string(i, 3),
                    .actor_role = rows.string(i, 4),
                    .action = audit::parse_action(rows.text(i, 5)).value(),
                    .target = rows.string(i, 6),
                    .correlation_id = rows.string(i, 7),
                    .details = rows.string(i, 8)};
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace opi::postgres
