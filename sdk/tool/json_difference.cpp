#include "json_difference.hpp"

#include <algorithm>

#include "json_layout.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;
using Found = std::vector<Difference>;

std::string text_of(const json::value* value) { return value == nullptr ? "nothing" : compact(*value); }

void compare(const json::value* expected, const json::value* actual, const std::string& pointer, Found& found) {
  if (expected != nullptr && actual != nullptr) {
    if (expected->is_object() && actual->is_object()) {
      const auto &left = expected->get_object(), &right = actual->get_object();
      for (const auto& [name, value] : left)
        compare(&value, right.if_contains(name), pointer + pointer_token(name), found);
      for (const auto& [name, value] : right)
        if (!left.contains(name)) compare(nullptr, &value, pointer + pointer_token(name), found);
      return;
    }
    if (expected->is_array() && actual->is_array()) {
      const auto &left = expected->get_array(), &right = actual->get_array();
      for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i)
        compare(left.if_contains(i), right.if_contains(i), pointer + "/" + std::to_string(i), found);
      return;
    }
    if (*expected == *actual) return;
  }
  found.push_back({pointer, text_of(expected), text_of(actual)});
}

}  // namespace

std::string pointer_token(std::string_view name) {
  std::string out = "/";
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::vector<Difference> differences(const json::value& expected, const json::value& actual, const std::string& below) {
  Found found;
  compare(&expected, &actual, below, found);
  return found;
}

}  // namespace opi::tool
