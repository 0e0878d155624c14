#pragma once
#include <vector>

#include "audit/audit_record.hpp"
#include "postgres/connection.hpp"

namespace opi::postgres {

// Appends entries to their tenants' chains inside the caller's transaction, in the given order per tenant.
// Locks the chains' heads in tenant order until the transaction ends: call it last.
void append_to_chains(Connection& connection, const std::vector<const audit::Entry*>& entries);

}  // namespace opi::postgres
