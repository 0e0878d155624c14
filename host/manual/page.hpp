#pragma once
#include <string>
#include <string_view>

namespace opi::manual {

// A manual page in the man(7) macros of roff, written from the top to the bottom. What is given is plain text: nothing
// in it is taken for a request or an escape.
class Page {
 public:
  // `name` as one calls it, `section` "1", `summary` behind the dash, `manual` the collection, `source` the product and
  // its version.
  Page(std::string_view name, std::string_view section, std::string_view summary, std::string_view manual,
       std::string_view source);

  Page& section(std::string_view title);
  Page& subsection(std::string_view title);
  Page& paragraph(std::string_view text);
  Page& synopsis(std::string_view program, std::string_view rest);
  // A term in bold and, if `value` is not empty, its value in italics; below it the text, indented.
  Page& item(std::string_view term, std::string_view value, std::string_view text);
  // Lines as they are.
  Page& example(std::string_view lines);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void request(std::string_view name, std::string_view argument);
  void line(std::string_view text);
  std::string text_;
};

// Text of which roff makes exactly this text.
std::string escaped(std::string_view text);

}  // namespace opi::manual
