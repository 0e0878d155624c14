#pragma once
#include <vector>

#include "audit/audit_record.hpp"
#include "sqlite/connection.hpp"

namespace opi::sqlite {

// The end of a tenant's chain; the genesis of one that has none yet.
audit::Link head_of(Connection& connection, const TenantId& tenant);

// Appends entries to their tenants' chains inside the caller's transaction, in the given order per tenant.
void append_to_chains(Connection& connection, const std::vector<const audit::Entry*>& entries);

}  // namespace opi::sqlite
