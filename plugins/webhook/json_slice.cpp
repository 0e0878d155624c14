#include "json_slice.hpp"

#include <boost/json.hpp>
#include <charconv>

namespace opi::webhook {
namespace {

// A place in JSON text that only moves forward and never beyond the end.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] char peek() {
    while (at_ < text_.size() && std::string_view{" \t\r\n"}.find(text_[at_]) != std::string_view::npos) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  // The value that starts here, skipped over; empty at the end or on malformed text.
  std::string_view value() {
    const char first = peek();
    const auto start = at_;
    if (first == '"') {
      skip_string();
    } else if (first == '{' || first == '[') {
      skip_nested();
    } else {
      while (at_ < text_.size() && std::string_view{",]} \t\r\n"}.find(text_[at_]) == std::string_view::npos) ++at_;
    }
    return text_.substr(start, at_ - start);
  }

 private:
  void skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        if (++at_ == text_.size()) return;
      } else if (text_[at_] == '"') {
        ++at_;
        return;
      }
    }
  }
  void skip_nested() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool names(std::string_view quoted, std::string_view name) {
  if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return false;
  const auto inside = quoted.substr(1, quoted.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return inside == name;
  boost::system::error_code error;
  const auto decoded = boost::json::parse({quoted.data(), quoted.size()}, error);
  return !error && decoded.is_string() && std::string_view{decoded.get_string()} == name;
}

std::string_view member(std::string_view object, std::string_view name) {
  Cursor at(object);
  std::string_view found;
  if (!at.take('{')) return {};
  while (at.peek() == '"') {
    const auto key = at.value();
    if (!at.take(':')) break;
    const auto value = at.value();
    if (names(key, name)) found = value;
    if (!at.take(',')) break;
  }
  return found;
}

std::string_view element(std::string_view array, std::string_view index) {
  std::size_t wanted = 0;
  const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), wanted);
  if (error != std::errc{} || end != index.data() + index.size()) return {};
  Cursor at(array);
  if (!at.take('[')) return {};
  for (std::size_t i = 0;; ++i) {
    const auto value = at.value();
    if (i == wanted || value.empty()) return value;
    if (!at.take(',')) return {};
  }
}

std::optional<JsonSlice> slice(std::string_view text) {
  if (text.empty()) return std::nullopt;
  switch (text.front()) {
    case '{': return JsonSlice{JsonKind::object, text};
    case '[': return JsonSlice{JsonKind::array, text};
    case '"':
      if (text.size() < 2 || text.back() != '"') return std::nullopt;
      return JsonSlice{JsonKind::string, text};
    case 't':
    case 'f': return JsonSlice{JsonKind::boolean, text};
    case 'n': return JsonSlice{JsonKind::null, text};
    default: return JsonSlice{JsonKind::number, text};
  }
}

}  // namespace

std::optional<JsonSlice> find_value(std::string_view json, std::span<const std::string> path) {
  auto text = Cursor(json).value();
  for (const auto& part : path) {
    if (text.empty()) return std::nullopt;
    text = text.front() == '[' ? element(text, part) : member(text, part);
  }
  return slice(text);
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += digits[static_cast<unsigned char>(c) >> 4];
          out += digits[c & 0x0f];
        } else {
          out += c;
        }
    }
  }
}

}  // namespace opi::webhook
