#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace opi::fuzz {

// The number of characters of well-formed UTF-8 (RFC 3629); nullopt if it is not that. Decodes by arithmetic, unlike
// the code under test, which matches ranges of bytes.
inline std::optional<std::size_t> characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const auto first = static_cast<std::uint8_t>(text[at]);
    const std::size_t more = first < 0x80 ? 0 : first >> 5 == 6 ? 1 : first >> 4 == 14 ? 2 : first >> 3 == 30 ? 3 : 9;
    if (more == 9 || at + more >= text.size()) return std::nullopt;
    std::uint32_t value = more == 0 ? first : first & (0x3fu >> more);
    for (std::size_t i = 1; i <= more; ++i) {
      const auto next = static_cast<std::uint8_t>(text[at + i]);
      if (next >> 6 != 2) return std::nullopt;
      value = value << 6 | (next & 0x3fu);
    }
    static constexpr std::uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (value < least[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return std::nullopt;
    at += more + 1;
  }
  return count;
}

}  // namespace opi::fuzz
