#pragma once
#include <cstdint>

namespace opi {

// How `all` places are shared by those that want them; foundation/tenant_shares.hpp tells what follows from it.
// - Whoever has others beside it takes a further place while it holds fewer than are free.
// - Whoever is alone takes all but a reserve.

// What one leaves free while it is alone; of fewer than four places none.
constexpr std::int64_t reserve_of(std::int64_t all) { return (all + 4) / 8; }

// How many places one that holds `held` may take of the `free` ones, now.
constexpr std::int64_t further_places(std::int64_t held, std::int64_t free, std::int64_t all, bool alone) {
  const std::int64_t beside_others = free <= held ? 0 : (free - held + 1) / 2;
  const std::int64_t for_itself = alone ? free - reserve_of(all) : 0;
  return beside_others > for_itself ? beside_others : for_itself;
}

static_assert(further_places(0, 1, 1, true) == 1 && further_places(1, 1, 2, false) == 0);
static_assert(further_places(0, 100, 100, false) == 50 && further_places(50, 50, 100, false) == 0);
static_assert(further_places(0, 100, 100, true) == 87 && further_places(87, 13, 100, true) == 0);
static_assert(further_places(0, 13, 100, false) == 7, "a newcomer beside one that was alone: half of the reserve");

}  // namespace opi
