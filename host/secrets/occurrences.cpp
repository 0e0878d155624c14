#include "secrets/occurrences.hpp"

#include <cstring>
#include <string>

namespace opi::secrets {
namespace {

// Calls `at` with the place of each occurrence, overlapping ones too (Knuth, Morris and Pratt, behind a quick look).
template <class At>
void each_occurrence(std::string_view text, std::string_view value, At at) {
  if (value.empty() || text.size() < value.size()) return;
  const auto* first = static_cast<const char*>(::memmem(text.data(), text.size(), value.data(), value.size()));
  if (first == nullptr) return;
  std::vector<std::size_t> border(value.size(), 0);  // of each prefix: its longest that is a suffix too
  for (std::size_t i = 1, length = 0; i < value.size(); ++i) {
    while (length > 0 && value[i] != value[length]) length = border[length - 1];
    if (value[i] == value[length]) ++length;
    border[i] = length;
  }
  std::size_t matched = 0;
  for (auto i = static_cast<std::size_t>(first - text.data()); i < text.size(); ++i) {
    while (matched > 0 && text[i] != value[matched]) matched = border[matched - 1];
    if (text[i] == value[matched]) ++matched;
    if (matched < value.size()) continue;
    at(i + 1 - value.size());
    matched = border[matched - 1];
  }
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string_view core_of(std::string_view value, std::size_t lost) {
  constexpr std::size_t fewest = 6;
  return value.size() >= fewest + 2 * lost ? value.substr(lost, value.size() - 2 * lost) : value;
}

void find_value(const PlacedText& text, std::string_view value, std::size_t lost, std::vector<Interval>& found) {
  const auto bytes = text.bytes();
  const auto core = core_of(value, lost);
  each_occurrence(bytes, core, [&](std::size_t at) {
    auto before = static_cast<std::size_t>(core.data() - value.data());
    auto begin = at, end = at + core.size(), behind = before + core.size();
    while (before > 0 && begin > 0 && bytes[begin - 1] == value[before - 1]) --begin, --before;
    while (behind < value.size() && end < bytes.size() && bytes[end] == value[behind]) ++end, ++behind;
    found.emplace_back(text.begin_of(begin), text.end_of(end - 1));
  });
}

void find_pieces(const PlacedText& text, const Pieces& pieces, std::size_t length, std::vector<Interval>& found) {
  const auto bytes = text.bytes();
  for (std::size_t at = 0; at + length <= bytes.size(); ++at)
    if (pieces.contains(bytes.substr(at, length))) found.emplace_back(text.begin_of(at), text.end_of(at + length - 1));
}

void find_word(const PlacedText& text, std::string_view value, std::vector<Interval>& found) {
  const auto bytes = text.bytes();
  each_occurrence(bytes, value, [&](std::size_t at) {
    const std::size_t end = at + value.size();
    if ((at > 0 && is_letter_or_digit(bytes[at - 1])) || (end < bytes.size() && is_letter_or_digit(bytes[end]))) return;
    found.emplace_back(text.begin_of(at), text.end_of(end - 1));
  });
}

}  // namespace opi::secrets
