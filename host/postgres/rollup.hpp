#pragma once
#include <vector>

#include "delivery/settlement.hpp"
#include "postgres/connection.hpp"

namespace opi::postgres {

// Adds settlements to their destinations' sums inside the caller's transaction, which holds the feed heads of their
// tenants: nobody else writes these rows meanwhile.
void add_to_rollup(Connection& connection, const std::vector<const delivery::Settlement*>& settlements);

}  // namespace opi::postgres
