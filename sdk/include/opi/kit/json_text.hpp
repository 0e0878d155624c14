#pragma once
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

// Reads JSON text in place: a value is handed on exactly as its producer wrote it, so that no number loses a digit and
// no string is re-escaped. The text is trusted to be JSON only as far as bounds go: on malformed text a look-up finds
// nothing or a wrong slice, but never reads outside.
namespace opi::kit {

enum class JsonKind { object, array, string, number, boolean, null };

struct JsonSlice {
  JsonKind kind = JsonKind::null;
  std::string_view text;  // the whole value; a string with its quotes
};

namespace detail {

// A place in JSON text that only moves forward and never beyond the end.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

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

inline std::optional<JsonSlice> slice_of(std::string_view text) {
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

// The text of a JSON string, without quotes and escapes; empty if it is malformed.
inline std::string unquoted(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return {};
  const auto inside = quoted.substr(1, quoted.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return std::string(inside);
  boost::system::error_code error;
  const auto decoded = boost::json::parse({quoted.data(), quoted.size()}, error);
  return !error && decoded.is_string() ? std::string(decoded.get_string()) : std::string();
}

}  // namespace detail

// Calls each(name, value) for every member of an object, in the order of the text.
template <class Each>
void for_each_member(std::string_view object, Each&& each) {
  detail::JsonCursor at(object);
  if (!at.take('{')) return;
  while (at.peek() == '"') {
    const auto key = at.value();
    if (!at.take(':')) return;
    if (const auto value = detail::slice_of(at.value())) each(detail::unquoted(key), *value);
    if (!at.take(',')) return;
  }
}

// Calls each(value) for every element of an array.
template <class Each>
void for_each_element(std::string_view array, Each&& each) {
  detail::JsonCursor at(array);
  if (!at.take('[')) return;
  while (const auto value = detail::slice_of(at.value())) {
    each(*value);
    if (!at.take(',')) return;
  }
}

// The member of this name, the last of equally named ones, or the element of this decimal index.
inline std::optional<JsonSlice> child(const JsonSlice& parent, std::string_view name) {
  std::optional<JsonSlice> found;
  if (parent.kind == JsonKind::object) {
    for_each_member(parent.text, [&](const std::string& key, const JsonSlice& value) {
      if (key == name) found = value;
    });
  } else if (parent.kind == JsonKind::array) {
    std::size_t wanted = 0, i = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), wanted);
    if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    for_each_element(parent.text, [&](const JsonSlice& value) {
      if (i++ == wanted) found = value;
    });
  }
  return found;
}

// The whole of a JSON text as a slice.
inline std::optional<JsonSlice> whole(std::string_view json) {
  return detail::slice_of(detail::JsonCursor(json).value());
}

// The value that a dotted path leads to, such as "alert.tags.0"; the empty path leads to the whole text.
inline std::optional<JsonSlice> find_value(std::string_view json, std::string_view path) {
  auto found = whole(json);
  while (found && !path.empty()) {
    const auto dot = std::min(path.find('.'), path.size());
    found = child(*found, path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return found;
}

// The value that a JSON pointer (RFC 6901) leads to.
inline std::optional<JsonSlice> find_pointer(std::string_view json, std::string_view pointer) {
  auto found = whole(json);
  while (found && !pointer.empty()) {
    if (pointer.front() != '/') return std::nullopt;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string name;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escaped = pointer[i] == '~' && i + 1 < end;
      if (escaped) ++i;
      name += !escaped ? pointer[i] : pointer[i] == '1' ? '/' : '~';
    }
    found = child(*found, name);
    pointer.remove_prefix(end);
  }
  return found;
}

// A scalar's text; objects and arrays as JSON; null is empty.
inline std::string text_of(const JsonSlice& value) {
  if (value.kind == JsonKind::null) return {};
  return value.kind == JsonKind::string ? detail::unquoted(value.text) : std::string(value.text);
}

// Text of the value at the path; empty if there is none.
inline std::string text_at(std::string_view json, std::string_view path) {
  const auto found = find_value(json, path);
  return found ? text_of(*found) : std::string();
}

// Appends text as the inside of a JSON string: quotes, backslashes and control characters escaped.
inline void append_escaped(std::string& out, std::string_view text) {
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

}  // namespace opi::kit
