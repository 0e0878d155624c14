#pragma once

namespace opi::store_bench {

// Stores `events` one at a time for a tenant whose destinations all look at them by a filter of their own, and for one
// that has only those destinations that are given them, and prints what the filters are of the time, on both stores;
// then what the dearest filters cost that can be saved.
void measure_filter_cost(int events);

}  // namespace opi::store_bench
