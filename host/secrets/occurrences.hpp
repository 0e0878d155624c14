#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "secrets/placed_text.hpp"

namespace opi::secrets {

using Interval = std::pair<std::uint32_t, std::uint32_t>;  // from where to where, in the first text

// What is left of a value of which up to `lost` bytes at either end were cut off; all of it if too little would be.
std::string_view core_of(std::string_view value, std::size_t lost);

// Every occurrence of the value, overlapping ones too, and of its core with what there is of the rest. Linear.
void find_value(const PlacedText& text, std::string_view value, std::size_t lost, std::vector<Interval>& found);

// Every piece of so many bytes that stands in the text.
using Pieces = std::unordered_set<std::string_view>;
void find_pieces(const PlacedText& text, const Pieces& pieces, std::size_t bytes, std::vector<Interval>& found);

// Those only that no letter or digit touches.
void find_word(const PlacedText& text, std::string_view value, std::vector<Interval>& found);

}  // namespace opi::secrets
