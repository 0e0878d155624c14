#pragma once
#include <string>
#include <string_view>

namespace opi::demo {

enum class Style { plain, bold, dim, good, busy, bad };

// Where the demo prints. `redraws`, `colours` and the size are those of a real terminal; elsewhere text is plain.
struct Terminal {
  bool redraws = false;
  bool colours = false;  // never with NO_COLOR (no-color.org)
  bool unicode = false;  // the locale's encoding is UTF-8
  int columns = 110, rows = 0;

  // Of standard output.
  static Terminal of_standard_output();

  [[nodiscard]] std::string paint(Style style, std::string_view text) const;
};

// Columns that the text takes: characters, for nothing here is wider or narrower than one.
std::size_t width(std::string_view utf8);
// Filled with blanks to `columns`, or cut to it.
std::string left(std::string_view utf8, std::size_t columns);
std::string right(std::string_view utf8, std::size_t columns);

}  // namespace opi::demo
