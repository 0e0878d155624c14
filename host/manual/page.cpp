#include "manual/page.hpp"

namespace opi::manual {

std::string escaped(std::string_view text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto rest = text.substr(i);
    // The three beyond ASCII that our texts have; pages are ASCII, which every roff reads.
    if (rest.starts_with("…")) {
      safe += "...";
      i += 2;
    } else if (text[i] == '\\') {
      safe += "\\e";
    } else if (text[i] == '-') {
      safe += "\\-";  // a minus that can be copied, not a hyphen
    } else if (text[i] == '\'') {
      safe += "\\(aq";
    } else if (text[i] == '`') {
      safe += "\\(ga";
    } else if (text[i] == '^') {
      safe += "\\(ha";
    } else if (text[i] == '~') {
      safe += "\\(ti";
    } else if (text[i] == '"') {
      safe += "\\(dq";
    } else {
      safe += text[i];
    }
  }
  if (safe.starts_with('.')) safe.insert(0, "\\&");
  return safe;
}

Page::Page(std::string_view name, std::string_view section, std::string_view summary, std::string_view manual,
           std::string_view source) {
  std::string title(name);
  for (auto& c : title)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  text_ = ".TH \"" + escaped(title) + "\" \"" + escaped(section) + "\" \"\" \"" + escaped(source) + "\" \"" +
          escaped(manual) + "\"\n";
  this->section("NAME");
  line(escaped(name) + " \\- " + escaped(summary));
}

void Page::line(std::string_view text) { text_.append(text).append("\n"); }

void Page::request(std::string_view name, std::string_view argument) {
  text_ += "." + std::string(name) + " \"" + escaped(argument) + "\"\n";
}

Page& Page::section(std::string_view title) {
  request("SH", title);
  return *this;
}

Page& Page::subsection(std::string_view title) {
  request("SS", title);
  return *this;
}

Page& Page::paragraph(std::string_view text) {
  line(".PP");
  line(escaped(text));
  return *this;
}

Page& Page::synopsis(std::string_view program, std::string_view rest) {
  request("B", program);
  if (!rest.empty()) line(escaped(rest));
  line(".br");
  return *this;
}

Page& Page::item(std::string_view term, std::string_view value, std::string_view text) {
  line(".TP");
  if (value.empty())
    request("B", term);
  else
    line("\\fB" + escaped(term) + "\\fR \\fI" + escaped(value) + "\\fR");
  line(escaped(text));
  return *this;
}

Page& Page::example(std::string_view lines) {
  line(".PP");
  line(".EX");
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    line(escaped(lines.substr(0, end)));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  line(".EE");
  return *this;
}

}  // namespace opi::manual
