#pragma once

namespace opi::postgres {

// The planner takes a queue table for empty, and replans it into a sequential scan or a hash join at the
// worst moment. On the hot sessions every statement has exactly one good plan, through an index, by nested
// loops: pin it.
inline constexpr const char* pin_plans =
    "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off; "
    "SET enable_sort = off; SET enable_hashjoin = off; SET enable_mergejoin = off; ";

// For one transaction on a session that plans freely. What it writes are claims: see claim_durability.
inline constexpr const char* pin_plans_here =
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; "
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL synchronous_commit = off";

}  // namespace opi::postgres
