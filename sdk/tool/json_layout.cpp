#include "json_layout.hpp"

#include <array>
#include <charconv>

namespace opi::tool {
namespace {

namespace json = boost::json;

constexpr std::size_t line_length = 120;

std::string scalar(const json::value& value) {
  if (!value.is_double()) return json::serialize(value);
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value.get_double()).ptr;
  return {text.data(), end};
}

// `gap` stands where people like a blank.
std::string on_one_line(const json::value& value, const std::string& gap) {
  std::string out;
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object)
      out += (out.empty() ? "{" + gap : "," + gap) + json::serialize(name) + ":" + gap + on_one_line(member, gap);
    return out.empty() ? "{}" : out + gap + "}";
  }
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) out += (out.empty() ? "[" : "," + gap) + on_one_line(item, gap);
    return out.empty() ? "[]" : out + "]";
  }
  return scalar(value);
}

// `used` are the columns before the value and after it.
std::string lay_out(const json::value& value, std::size_t depth, std::size_t used, bool may_be_one_line) {
  if (may_be_one_line || !value.is_structured()) {
    auto line = on_one_line(value, " ");
    if (!value.is_structured() || used + line.size() <= line_length) return line;
  }
  const std::string indent(2 * (depth + 1), ' ');
  std::string out;
  const auto append = [&](const std::string& name, const json::value& item) {
    out +=
        (out.empty() ? "\n" : ",\n") + indent + name + lay_out(item, depth + 1, indent.size() + name.size() + 1, true);
  };
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) append(json::serialize(name) + ": ", member);
    return "{" + out + "\n" + std::string(2 * depth, ' ') + "}";
  }
  for (const auto& item : value.get_array()) append("", item);
  return "[" + out + "\n" + std::string(2 * depth, ' ') + "]";
}

}  // namespace

std::string laid_out(const json::value& value, std::size_t depth) { return lay_out(value, depth, 2 * depth, false); }

std::string compact(const json::value& value) { return on_one_line(value, ""); }

}  // namespace opi::tool
