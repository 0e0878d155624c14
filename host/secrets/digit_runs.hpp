#pragma once
#include <cstddef>
#include <functional>

#include "secrets/placed_text.hpp"

namespace opi::secrets {

// Bytes of a value, at most, that stand in a group of base64 with something else: whoever cuts it between two groups
// loses them at either end, and tells the rest.
inline constexpr std::size_t most_lost_of_group = 2;

// What a run of digits stands for, and how many bytes at either end of a value a cut between its groups may lose.
using Decoded = std::function<void(PlacedText&& bytes, std::size_t lost)>;

// Calls `decoded` with the bytes of every run that stands for `least` bytes or more, once for each place at which what
// was encoded may begin in it: in base64 and base64url, whose lines may be broken and indented, and in hex of either
// case, with colons, hyphens and blanks between the digits. Linear.
void each_decoded(const PlacedText& text, std::size_t least, const Decoded& decoded);

}  // namespace opi::secrets
