#pragma once
#include <string>
#include <string_view>

#include "opi/kit/cut.hpp"

// Texts of a payload for fields of limited length that have a markup of their own.
namespace opi::kit {

// Text without what could break its form or show it as another one: control characters but the line feed (a tab becomes
// a space), the embeddings, overrides and isolates of the writing direction (U+202A to U+202E, U+2066 to U+2069), byte
// order marks.
inline std::string without_deception(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto c = beginning(text, 1, Unit::characters);
    text.remove_prefix(c.size());
    const bool control = (c.size() == 1 && ((c[0] >= 0 && c[0] < 0x20 && c[0] != '\n') || c[0] == 0x7f)) ||
                         (c.size() == 2 && c >= "\u0080" && c <= "\u009f");
    const bool direction = (c >= "\u202a" && c <= "\u202e") || (c >= "\u2066" && c <= "\u2069");
    if (c == "\t") out += ' ';
    if (!control && !direction && c != "\ufeff") out += c;
  }
  return out;
}

// escape(text), at most `limit` UTF-16 units of it: what JavaScript and .NET count, and never less than characters.
// What is cut says so, and no escape is cut in two. escape() must neither shorten a text nor touch the note of cut().
template <class Escape>
std::string fitted(std::string_view text, std::size_t limit, const Escape& escape) {
  const auto sound = without_deception(text);
  const auto fits = [&](std::size_t n) {
    return length(escape(beginning(sound, n, Unit::utf16)), Unit::utf16) <= limit;
  };
  std::size_t most = limit;  // of the text before escaping
  if (!fits(most))
    for (std::size_t least = 0; least < most;) {
      const auto middle = (least + most) / 2;
      (fits(middle + 1) ? least : most) = fits(middle + 1) ? middle + 1 : middle;
    }
  return escape(cut(sound, most, Unit::utf16));
}

}  // namespace opi::kit
