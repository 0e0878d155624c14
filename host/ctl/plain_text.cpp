#include "ctl/plain_text.hpp"

#include <algorithm>

#include "domain/text_controls.hpp"

namespace opi::ctl {
namespace {

// The length of the well-formed sequence at the beginning; 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first < 0xe0   ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first < 0xf5                  ? 4
                                                             : 0;
  if (length == 0 || first < 0xc2 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) || (first == 0xf0 && byte(1) < 0x90) ||
      (first == 0xf4 && byte(1) > 0x8f))
    return 0;
  return length;
}

}  // namespace

std::string plain(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const auto length = sequence_length(text);
    if (length == 0 || control_at(text) > 0)
      kept += '?';
    else
      kept += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return kept;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace opi::ctl
