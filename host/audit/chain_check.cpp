#include "audit/chain_check.hpp"

#include "audit/hash_chain.hpp"

namespace opi::audit {
namespace {

constexpr int page = 1'000;

ChainCheck run(AuditLog& log, const TenantId& tenant, const Link& from, const TrustedKeys& trusted) {
  ChainReader reader(log, tenant, from, trusted);
  ChainCheck check;
  check.head = reader.head();
  for (auto records = reader.next(page); !records.empty(); records = reader.next(page))
    check.checked += static_cast<std::int64_t>(records.size());
  check.signed_sequence = reader.signed_sequence();
  check.fault = reader.fault();
  const bool of_installation = tenant == system_tenant() || tenant == TenantId{};
  if (!check.fault && check.head.sequence == 0 && !of_installation) check.fault = empty_trail;
  return check;
}

}  // namespace

ChainCheck check_chain(AuditLog& log, const TenantId& tenant, const TrustedKeys& trusted) {
  return run(log, tenant, genesis(tenant), trusted);
}

ChainCheck check_last(AuditLog& log, const TenantId& tenant, std::int64_t records, const TrustedKeys& trusted) {
  const auto head = log.head(tenant);
  if (head.sequence <= records) return run(log, tenant, genesis(tenant), trusted);
  const auto before = log.read(tenant, head.sequence - records - 1, 1);
  if (before.empty() || before.front().link.sequence != head.sequence - records) {
    ChainCheck check;
    check.head = head;
    check.fault = "record " + std::to_string(head.sequence - records) + " is missing";
    return check;
  }
  auto check = run(log, tenant, before.front().link, trusted);
  if (!check.fault) check.fault = fault_of_first(log, tenant);
  return check;
}

std::optional<std::string> fault_of_first(AuditLog& log, const TenantId& tenant) {
  const auto first = log.read(tenant, 0, 1);
  if (first.empty()) return "record 1 is missing";
  return first_fault(genesis(tenant), first);
}

Link vouched_start(AuditLog& log, const TenantId& tenant, std::int64_t sequence, const TrustedKeys& trusted) {
  AuditFilter checkpoints;
  checkpoints.action = Action::audit_checkpoint;
  checkpoints.before = sequence + 1;
  checkpoints.limit = 1;
  for (const auto& record : log.list(tenant, checkpoints)) {
    const auto checkpoint = parse_checkpoint(record);
    if (!checkpoint) continue;
    const auto named = log.read(tenant, checkpoint->at.sequence - 1, 1);
    if (!checkpoint_fault(record, named.empty() ? nullptr : &named.front(), trusted))
      return {checkpoint->at.sequence, {}, checkpoint->at.hash};
  }
  return genesis(tenant);
}

}  // namespace opi::audit
