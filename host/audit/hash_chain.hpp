#pragma once
#include <optional>
#include <span>
#include <string>

#include "audit/audit_record.hpp"

namespace opi::audit {

// The chain's state before a tenant's first entry: sequence 0, hash bound to the tenant.
Link genesis(const TenantId& tenant);

// The link of `entry` after `last`. hash = SHA-256 over a versioned, length-prefixed form of the previous
// hash, the sequence and every field of the entry. Pure.
Link next_link(const Link& last, const Entry& entry);

// The first fault of a run of one tenant's records that follows `last`, in words that name its sequence;
// nullopt if the chain holds.
std::optional<std::string> first_fault(Link last, std::span<const Record> records);

}  // namespace opi::audit
