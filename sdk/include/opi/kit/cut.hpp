#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace opi::kit {

// What a receiver counts by: bytes of UTF-8, characters (code points), or UTF-16 units (JavaScript, Java, .NET).
enum class Unit { bytes, characters, utf16 };

namespace detail {

inline std::size_t bytes_of_character(char lead) {
  const auto c = static_cast<unsigned char>(lead);
  return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}
inline std::size_t width(std::size_t bytes, Unit unit) {
  if (unit == Unit::bytes) return bytes;
  return unit == Unit::utf16 && bytes == 4 ? 2 : 1;
}
inline std::string with_commas(std::size_t number) {
  auto digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

}  // namespace detail

// How long valid UTF-8 is.
inline std::size_t length(std::string_view text, Unit unit) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = std::min(detail::bytes_of_character(text[at]), text.size() - at);
    n += detail::width(bytes, unit);
    at += bytes;
  }
  return n;
}

// The longest beginning of whole characters within the limit.
inline std::string_view beginning(std::string_view text, std::size_t limit, Unit unit) {
  std::size_t at = 0, n = 0;
  while (at < text.size()) {
    const auto bytes = std::min(detail::bytes_of_character(text[at]), text.size() - at);
    n += detail::width(bytes, unit);
    if (n > limit) break;
    at += bytes;
  }
  return text.substr(0, at);
}

// Text within the limit; what was cut says so, "… (cut, 3,214 of 9,000 characters)", and where there is no room for
// that "…". The note counts towards the limit.
inline std::string cut(std::string_view text, std::size_t limit, Unit unit = Unit::characters) {
  static constexpr std::size_t note_needs = 80;
  const auto total = length(text, unit);
  if (total <= limit) return std::string(text);
  const auto ellipsis = length("…", unit);
  if (limit < note_needs) {
    if (limit < ellipsis) return std::string(beginning(text, limit, unit));
    return std::string(beginning(text, limit - ellipsis, unit)) + "…";
  }
  const auto note = [&](std::size_t kept) {
    return "… (cut, " + detail::with_commas(kept) + " of " + detail::with_commas(total) +
           (unit == Unit::bytes ? " bytes)" : " characters)");
  };
  const auto kept = beginning(text, limit - length(note(limit), unit), unit);
  return std::string(kept) + note(length(kept, unit));
}

}  // namespace opi::kit
