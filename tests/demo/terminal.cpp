#include "terminal.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>

namespace opi::demo {

Terminal Terminal::of_standard_output() {
  Terminal terminal;
  std::setlocale(LC_CTYPE, "");
  terminal.unicode = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  const char* kind = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  terminal.redraws = ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
  terminal.colours = terminal.redraws && (no_colour == nullptr || *no_colour == '\0');
  winsize size{};
  if (terminal.redraws && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.columns = size.ws_col;
    terminal.rows = size.ws_row;
  }
  return terminal;
}

std::string Terminal::paint(Style style, std::string_view text) const {
  const char* code = "";
  switch (style) {
    case Style::plain: return std::string(text);
    case Style::bold: code = "\x1b[1m"; break;
    case Style::dim: code = "\x1b[2m"; break;
    case Style::good: code = "\x1b[32m"; break;
    case Style::busy: code = "\x1b[33m"; break;
    case Style::bad: code = "\x1b[31m"; break;
  }
  if (!colours || text.empty()) return std::string(text);
  return code + std::string(text) + "\x1b[0m";
}

std::size_t width(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string left(std::string_view utf8, std::size_t columns) {
  std::string text(utf8);
  while (width(text) > columns) text.pop_back();
  return text.append(columns - width(text), ' ');
}

std::string right(std::string_view utf8, std::size_t columns) {
  const auto taken = width(utf8);
  return taken >= columns ? left(utf8, columns) : std::string(columns - taken, ' ') + std::string(utf8);
}

}  // namespace opi::demo
