#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace opi {

// Bytes of the sign at the start that text does not show but obeys, 0 if there is none: control characters of ASCII
// and of Latin-1 (U+0080 to U+009F, which terminals obey as they obey ESC), and those that turn the direction of what
// follows, by which a name can be made to look like another one (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to
// U+2069).
constexpr std::size_t control_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0; };
  if (text.empty()) return 0;
  if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return 2;
  if (byte(0) == 0xd8 && byte(1) == 0x9c) return 2;
  if (byte(0) != 0xe2) return 0;
  const auto second = byte(1), third = byte(2);
  const bool turns = (second == 0x80 && (third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae))) ||
                     (second == 0x81 && third >= 0xa6 && third <= 0xa9);
  return turns ? 3 : 0;
}

constexpr bool has_controls(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1))
    if (control_at(text) > 0) return true;
  return false;
}

}  // namespace opi
