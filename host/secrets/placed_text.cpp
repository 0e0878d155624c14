#include "secrets/placed_text.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <optional>

#include "foundation/check.hpp"
#include "secrets/character_references.hpp"

namespace opi::secrets {
namespace {

constexpr std::size_t longest_reference_name = 16;

// What one escape stands for, and how many bytes it takes.
struct Escape {
  char32_t code = 0;
  std::size_t length = 0;
  bool is_byte = false;  // of a text in UTF-8, rather than a character
};

int digit_of(char c, int base) {
  const int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : 99;
  return digit < base ? digit : -1;
}

// Exactly `count` hex digits at the start.
std::optional<char32_t> hex_number(std::string_view text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  char32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = digit_of(text[i], 16);
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<char32_t>(digit);
  }
  return value;
}

std::optional<Escape> percent_escape(std::string_view text) {
  const auto value = hex_number(text.substr(1), 2);
  return value ? std::optional(Escape{*value, 3, true}) : std::nullopt;
}

// "\u002B", a pair of surrogates, "\x2b", and the letters and signs behind a backslash.
std::optional<Escape> backslash_escape(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  constexpr std::string_view letters = "bfnrt", meant = "\b\f\n\r\t";
  if (const auto at = letters.find(text[1]); at != std::string_view::npos)
    return Escape{static_cast<char32_t>(meant[at]), 2};
  if (std::string_view{"\"\\/'"}.find(text[1]) != std::string_view::npos)
    return Escape{static_cast<char32_t>(text[1]), 2};
  if (text[1] == 'x') {
    const auto value = hex_number(text.substr(2), 2);
    return value ? std::optional(Escape{*value, 4, true}) : std::nullopt;
  }
  if (text[1] != 'u') return std::nullopt;
  const auto high = hex_number(text.substr(2), 4);
  if (!high) return std::nullopt;
  if (*high >= 0xd800 && *high < 0xdc00 && text.substr(6).starts_with("\\u"))
    if (const auto low = hex_number(text.substr(8), 4); low && *low >= 0xdc00 && *low < 0xe000)
      return Escape{0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00), 12};
  return Escape{*high, 6};
}

// "&#43;", "&#x2B;", with any number of zeros, and without the semicolon.
std::optional<Escape> numeric_reference(std::string_view text) {
  constexpr char32_t last = 0x10ffff;
  const bool hex = text.size() >= 3 && (text[2] == 'x' || text[2] == 'X');
  const std::size_t first = hex ? 3 : 2;
  std::size_t at = first;
  char32_t value = 0;
  for (; at < text.size(); ++at) {
    const int digit = digit_of(text[at], hex ? 16 : 10);
    if (digit < 0) break;
    value = value * (hex ? 16 : 10) + static_cast<char32_t>(digit);
    if (value > last) return std::nullopt;
  }
  if (at == first) return std::nullopt;
  return Escape{value, at + (at < text.size() && text[at] == ';' ? 1 : 0)};
}

// "&amp;", and those that HTML has always read without their semicolon.
std::optional<Escape> named_reference(std::string_view text) {
  const auto end = text.substr(0, longest_reference_name + 2).find(';');
  if (end != std::string_view::npos)
    if (const auto code = named_character(text.substr(1, end - 1))) return Escape{*code, end + 1};
  const auto old = old_name_at(text.substr(1));
  if (!old) return std::nullopt;
  const auto length = 1 + old->name.size();
  return Escape{old->code, length + (text.substr(length).starts_with(';') ? 1 : 0)};
}

std::optional<Escape> character_reference(std::string_view text) {
  return text.substr(1).starts_with('#') ? numeric_reference(text) : named_reference(text);
}

bool may_begin_escape(char c) { return c == '%' || c == '\\' || c == '&'; }

std::optional<Escape> escape_at(std::string_view text) {
  switch (text.front()) {
    case '%': return percent_escape(text);
    case '\\': return backslash_escape(text);
    case '&': return character_reference(text);
    default: return std::nullopt;
  }
}

std::string utf8(char32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

PlacedText& PlacedText::operator=(PlacedText&& other) noexcept {
  bytes_.swap(other.bytes_);
  places_.swap(other.places_);
  return *this;
}

PlacedText PlacedText::with_room(std::size_t most) {
  PlacedText text;
  text.bytes_.reserve(most);
  text.places_.reserve(most);
  return text;
}

void PlacedText::append(char byte, std::uint32_t begin, std::uint32_t end) {
  OPI_CHECK(bytes_.size() < bytes_.capacity(), bytes_.size(), bytes_.capacity());
  bytes_ += byte;
  places_.push_back({begin, end});
}

PlacedText::~PlacedText() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

PlacedText unescaped(const PlacedText& text) {
  const auto bytes = text.bytes();
  auto out = PlacedText::with_room(bytes.size());  // no escape is shorter than what it stands for
  for (std::size_t i = 0; i < bytes.size();) {
    const auto escape = may_begin_escape(bytes[i]) ? escape_at(bytes.substr(i)) : std::nullopt;
    if (!escape) {
      out.append(bytes[i], text.begin_of(i), text.end_of(i));
      ++i;
      continue;
    }
    const auto begin = text.begin_of(i), end = text.end_of(i + escape->length - 1);
    if (escape->is_byte)
      out.append(static_cast<char>(escape->code), begin, end);
    else
      for (const char byte : utf8(escape->code)) out.append(byte, begin, end);
    i += escape->length;
  }
  return out;
}

bool has_escapes(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at)
    if (may_begin_escape(text[at]) && escape_at(text.substr(at))) return true;
  return false;
}

}  // namespace opi::secrets
