#include "audit/chain_check.hpp"

#include <algorithm>

#include "audit/hash_chain.hpp"

namespace opi::audit {
namespace {

constexpr int page = 1'000;

// Checks up to `check.head`; what is appended meanwhile is left for the next check.
void run(AuditLog& log, const TenantId& tenant, Link last, ChainCheck& check) {
  while (last.sequence < check.head.sequence) {
    const auto left = check.head.sequence - last.sequence;
    const auto records = log.read(tenant, last.sequence, static_cast<int>(std::min<std::int64_t>(left, page)));
    if (records.empty()) {
      check.fault = "record " + std::to_string(last.sequence + 1) + " is missing: the chain is cut off, its head is " +
                    std::to_string(check.head.sequence);
      return;
    }
    check.fault = first_fault(last, records);
    if (check.fault) return;
    check.checked += static_cast<std::int64_t>(records.size());
    last = records.back().link;
  }
  if (last.hash != check.head.hash)
    check.fault = "record " + std::to_string(last.sequence) + " is not the one that the chain's head names";
}

}  // namespace

ChainCheck check_chain(AuditLog& log, const TenantId& tenant, const Link& from) {
  ChainCheck check;
  check.head = log.head(tenant);
  run(log, tenant, from, check);
  return check;
}

ChainCheck check_last(AuditLog& log, const TenantId& tenant, std::int64_t records) {
  ChainCheck check;
  check.head = log.head(tenant);
  Link from = genesis(tenant);
  if (check.head.sequence > records) {
    const auto before = log.read(tenant, check.head.sequence - records - 1, 1);
    if (before.empty() || before.front().link.sequence != check.head.sequence - records) {
      check.fault = "record " + std::to_string(check.head.sequence - records) + " is missing";
      return check;
    }
    from = before.front().link;
  }
  run(log, tenant, from, check);
  return check;
}

}  // namespace opi::audit
