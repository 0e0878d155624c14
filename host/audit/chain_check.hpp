#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "audit/chain_reader.hpp"

namespace opi::audit {

struct ChainCheck {
  Link head;                         // of the stored chain, when the check began
  std::int64_t checked = 0;          // records
  std::int64_t signed_sequence = 0;  // up to where a checkpoint among them vouches for the chain; 0: none does
  std::optional<std::string> fault;  // the first one, naming its record; nullopt if the chain holds
};

// Reads the whole chain with a ChainReader. The trail of a tenant begins with the record of its creation, so that an
// empty one is a fault; only that of the installation may be empty. Throws what `log` throws.
ChainCheck check_chain(AuditLog& log, const TenantId& tenant, const TrustedKeys& trusted);

// The last `records` records, or all if there are fewer, and the first; the link that they follow is taken as given.
ChainCheck check_last(AuditLog& log, const TenantId& tenant, std::int64_t records, const TrustedKeys& trusted);

// From where a reader has to begin to find out whether the chain holds up to record `sequence` and beyond: where the
// last checkpoint at or before it vouches for the chain, else the first record.
Link vouched_start(AuditLog& log, const TenantId& tenant, std::int64_t sequence, const TrustedKeys& trusted);

// What is wrong with the chain's first record, which is of the past of every part.
std::optional<std::string> fault_of_first(AuditLog& log, const TenantId& tenant);

}  // namespace opi::audit
