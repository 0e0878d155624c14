#pragma once
#include <cstdint>

namespace opi::simulation {

// Seeds that once led to a finding, or to the fault that somebody put there to see whether it is found. They are played
// every time, before the fresh ones.
inline constexpr std::uint64_t corpus[] = {4,
                                           5,
                                           7,
                                           10,
                                           26,
                                           301,
                                           2048,
                                           249772131418117,
                                           1000,
                                           227743443517457,
                                           66807652679682,
                                           71090737315968,
                                           234641331716285};

}  // namespace opi::simulation
