#include "audit/chain_reader.hpp"

#include <algorithm>

#include "audit/hash_chain.hpp"

namespace opi::audit {

ChainReader::ChainReader(AuditLog& log, TenantId tenant, const Link& from, TrustedKeys trusted)
    : log_(log), tenant_(std::move(tenant)), trusted_(std::move(trusted)), head_(log.head(tenant_)), last_(from) {}

std::vector<Record> ChainReader::next(int limit) {
  if (fault_) return {};
  if (last_.sequence >= head_.sequence) {
    fault_ = fault_at_end();
    return {};
  }
  const auto left = std::min<std::int64_t>(limit, head_.sequence - last_.sequence);
  auto records = log_.read(tenant_, last_.sequence, static_cast<int>(left));
  if (records.empty()) {
    fault_ = "record " + std::to_string(last_.sequence + 1) + " is missing: the chain is cut off, its head is " +
             std::to_string(head_.sequence);
    return {};
  }
  fault_ = first_fault(last_, records);
  if (!fault_) fault_ = fault_of_checkpoints(records);
  if (fault_) return {};
  last_ = records.back().link;
  return records;
}

std::optional<std::string> ChainReader::fault_at_end() {
  if (last_.sequence == head_.sequence && last_.hash != head_.hash)
    return "record " + std::to_string(last_.sequence) + " is not the one that the chain's head names";
  // A record and the head that names it are stored at once: what lies beyond was appended meanwhile, or the head is not
  // what it was.
  const auto beyond = log_.read(tenant_, head_.sequence, 1);
  if (beyond.empty()) {
    if (last_.sequence > head_.sequence)
      return "record " + std::to_string(head_.sequence + 1) +
             " is missing: the chain was cut off together with its head";
    return std::nullopt;
  }
  const auto sequence = beyond.front().link.sequence;
  const auto moved = log_.head(tenant_).sequence;
  if (moved >= sequence) return std::nullopt;
  return "record " + std::to_string(sequence) + " lies beyond the chain's head, which is " + std::to_string(moved) +
         ": the head was removed or set back";
}

std::optional<std::string> ChainReader::fault_of_checkpoints(const std::vector<Record>& records) {
  for (const auto& record : records) {
    if (record.entry.action != Action::audit_checkpoint) continue;
    const auto checkpoint = parse_checkpoint(record);
    std::vector<Record> named;
    if (checkpoint) named = log_.read(tenant_, checkpoint->at.sequence - 1, 1);
    if (auto fault = checkpoint_fault(record, named.empty() ? nullptr : &named.front(), trusted_)) return fault;
    signed_ = std::max(signed_, checkpoint->at.sequence);
  }
  return std::nullopt;
}

}  // namespace opi::audit
