#include "markdown.hpp"

#include <opi/kit/fitted.hpp>

namespace opi::teams {
namespace {

// Cards know a subset of CommonMark, in which a backslash before punctuation makes it text. What is markup at the start
// of a line alone (lists, headings, quotes) is escaped there alone, so that addresses and dates stay as they are on
// clients that show the backslash.
class Escaper {
 public:
  std::string operator()(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) append(text[i], i + 1 == text.size() ? ' ' : text[i + 1]);
    return std::move(out_);
  }

 private:
  enum class Place { line_start, number, inside };

  void append(char c, char next) {
    if (c == '\n') {
      out_ += "\n\n";  // a single line feed is a space to a TextBlock
      place_ = Place::line_start;
      return;
    }
    if (place_ == Place::line_start && c == ' ') {
      out_ += "\u00a0";  // four plain ones would be code
      return;
    }
    const bool digit = c >= '0' && c <= '9';
    if (std::string_view{"\\`*_[]<~{&"}.find(c) != std::string_view::npos ||
        (place_ == Place::line_start && std::string_view{"-+#>="}.find(c) != std::string_view::npos) ||
        (place_ == Place::number && (c == '.' || c == ')') && (next == ' ' || next == '\n')))
      out_ += '\\';
    out_ += c;
    place_ = digit && place_ != Place::inside ? Place::number : Place::inside;
  }

  std::string out_;
  Place place_ = Place::line_start;
};

}  // namespace

std::string markdown(std::string_view text, std::size_t limit) {
  return kit::fitted(text, limit, [](std::string_view part) { return Escaper()(part); });
}

}  // namespace opi::teams
