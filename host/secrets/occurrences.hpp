#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "secrets/placed_text.hpp"

namespace opi::secrets {

using Interval = std::pair<std::uint32_t, std::uint32_t>;  // from where to where, in the first text

// Every occurrence of `value`, overlapping ones too; with `as_word` those only that no letter or digit touches.
void find_plain(const PlacedText& text, std::string_view value, bool as_word, std::vector<Interval>& found);

// Where the values stand encoded within the text: in base64 and base64url, whatever precedes them in what was encoded
// and wherever its lines were broken, and in hex of either case.
void find_encoded(const PlacedText& text, const std::vector<std::string_view>& values, std::vector<Interval>& found);

// All of this is linear in the text for each value.

}  // namespace opi::secrets
