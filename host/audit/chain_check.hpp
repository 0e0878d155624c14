#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "audit/audit_log.hpp"

namespace opi::audit {

struct ChainCheck {
  Link head;                         // of the stored chain, when the check began
  std::int64_t checked = 0;          // records
  std::optional<std::string> fault;  // the first one, naming its record; nullopt if the chain holds
};

// Reads the records after `from` (genesis() for all) and holds each against its predecessor, and the last against the
// chain's stored head, so that a cut-off end is found too. Throws what `log` throws.
ChainCheck check_chain(AuditLog& log, const TenantId& tenant, const Link& from);

// The last `records` records, or all if there are fewer; the link they follow is taken as given.
ChainCheck check_last(AuditLog& log, const TenantId& tenant, std::int64_t records);

}  // namespace opi::audit
