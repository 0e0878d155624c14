#pragma once
#include <vector>

#include "delivery/settlement.hpp"
#include "sqlite/connection.hpp"

namespace opi::sqlite {

// Adds settlements to their destinations' sums inside the caller's transaction.
void add_to_rollup(Connection& connection, const std::vector<const delivery::Settlement*>& settlements, UnixTime now);

}  // namespace opi::sqlite
