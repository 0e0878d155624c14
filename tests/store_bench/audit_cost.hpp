#pragma once
#include "store_bench/bench.hpp"

namespace opi::store_bench {

// Settles the same load over two connections at once, with and without audit records, of one tenant and of sixteen, on
// both stores, and prints each rate and its ratio to the one without records.
void measure_audit_cost(const Load& load);

}  // namespace opi::store_bench
