#pragma once
#include <vector>

#include "delivery/settlement.hpp"
#include "postgres/connection.hpp"

namespace opi::postgres {

// Appends one delivery event for each settlement to its tenant's feed, inside the caller's transaction. Locks the
// feeds' heads, in the order of their tenants, until it ends: what a feed shows is in the order of its commits.
void append_to_feeds(Connection& connection, const std::vector<const delivery::Settlement*>& settlements);

}  // namespace opi::postgres
