#include "plugins/config_schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>

#include "domain/redaction.hpp"

namespace opi::plugins {
namespace {

namespace json = boost::json;

enum Type : unsigned {
  null_type = 1,
  boolean_type = 2,
  object_type = 4,
  array_type = 8,
  number_type = 16,
  string_type = 32,
  integer_type = 64
};
constexpr std::array<std::pair<std::string_view, Type>, 7> type_names{{{"null", null_type},
                                                                       {"boolean", boolean_type},
                                                                       {"object", object_type},
                                                                       {"array", array_type},
                                                                       {"number", number_type},
                                                                       {"string", string_type},
                                                                       {"integer", integer_type}}};
constexpr std::array<std::string_view, 7> annotations{"title",  "description", "default", "examples",
                                                      "format", "$schema",     "$comment"};

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

unsigned types_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return null_type;
    case json::kind::bool_: return boolean_type;
    case json::kind::object: return object_type;
    case json::kind::array: return array_type;
    case json::kind::string: return string_type;
    case json::kind::double_: return number_type;
    default: return number_type | integer_type;
  }
}

// A bound as people write it: 60, not 6E1.
std::string text_of(double bound) {
  constexpr double exact = 9007199254740992;  // up to here a double holds every integer
  if (bound == std::trunc(bound) && std::abs(bound) <= exact) return std::to_string(static_cast<std::int64_t>(bound));
  return json::serialize(json::value(bound));
}

std::string pointer_part(std::string_view name) {
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

}  // namespace

struct ConfigSchema::Node {
  unsigned types = 0;  // 0: any
  std::optional<std::vector<json::value>> allowed;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> properties;
  std::vector<std::string> required;
  bool closed = false;               // additionalProperties: false
  std::unique_ptr<Node> additional;  // additionalProperties: a schema
  std::unique_ptr<Node> items;
  bool unique_items = false;
  std::optional<std::uint64_t> min_properties, max_properties, min_items, max_items, min_length, max_length;
  std::optional<double> minimum, maximum;

  using Problems = std::vector<std::string>;
  static std::unique_ptr<Node> parse(const json::value& schema, const std::string& where, std::size_t depth,
                                     Problems& problems);
  void parse_keyword(std::string_view keyword, const json::value& value, const std::string& where, std::size_t depth,
                     Problems& problems);
  bool parse_bound(std::string_view keyword, const json::value& value, const std::string& where, Problems& problems);
  void parse_type(const json::value& value, const std::string& where, Problems& problems);

  void check(const json::value& value, const std::string& path, std::vector<ConfigFault>& faults) const;
  void check_object(const json::object& object, const std::string& path, std::vector<ConfigFault>& faults) const;
  void check_array(const json::array& array, const std::string& path, std::vector<ConfigFault>& faults) const;
  void check_scalar(const json::value& value, const std::string& path, std::vector<ConfigFault>& faults) const;
};

void ConfigSchema::Node::parse_type(const json::value& value, const std::string& where, Problems& problems) {
  const auto add = [&](const json::value& name) {
    const auto found = std::ranges::find_if(
        type_names, [&](const auto& t) { return name.is_string() && name.get_string() == t.first; });
    if (found == type_names.end()) return problems.push_back(where + ": is not a type");
    types |= found->second;
  };
  if (!value.is_array()) return add(value);
  for (const auto& name : value.get_array()) add(name);
}

bool ConfigSchema::Node::parse_bound(std::string_view keyword, const json::value& value, const std::string& where,
                                     Problems& problems) {
  const std::array<std::pair<std::string_view, std::optional<std::uint64_t>*>, 6> counts{
      {{"minProperties", &min_properties},
       {"maxProperties", &max_properties},
       {"minItems", &min_items},
       {"maxItems", &max_items},
       {"minLength", &min_length},
       {"maxLength", &max_length}}};
  for (const auto& [name, bound] : counts) {
    if (keyword != name) continue;
    if (value.is_int64() && value.get_int64() >= 0) {
      *bound = static_cast<std::uint64_t>(value.get_int64());
    } else {
      problems.push_back(where + ": is not a non-negative integer");
    }
    return true;
  }
  if (keyword != "minimum" && keyword != "maximum") return false;
  if (value.is_number()) {
    (keyword == "minimum" ? minimum : maximum) = value.to_number<double>();
  } else {
    problems.push_back(where + ": is not a number");
  }
  return true;
}

void ConfigSchema::Node::parse_keyword(std::string_view keyword, const json::value& value, const std::string& where,
                                       std::size_t depth, Problems& problems) {
  if (std::ranges::find(annotations, keyword) != annotations.end() || keyword.starts_with("x-")) return;
  if (parse_bound(keyword, value, where, problems)) return;
  if (keyword == "type") return parse_type(value, where, problems);
  if (keyword == "const") return void(allowed = {value});
  if (keyword == "enum") {
    if (!value.is_array()) return problems.push_back(where + ": is not an array");
    allowed.emplace(value.get_array().begin(), value.get_array().end());
  } else if (keyword == "properties") {
    if (!value.is_object()) return problems.push_back(where + ": is not an object");
    for (const auto& [name, sub] : value.get_object())
      properties[std::string(name)] = parse(sub, where + pointer_part(name), depth + 1, problems);
  } else if (keyword == "required") {
    if (!value.is_array()) return problems.push_back(where + ": is not an array");
    for (const auto& name : value.get_array()) {
      if (!name.is_string()) return problems.push_back(where + ": holds something other than strings");
      required.emplace_back(name.get_string());
    }
  } else if (keyword == "additionalProperties") {
    if (value.is_bool()) {
      closed = !value.get_bool();
    } else {
      additional = parse(value, where, depth + 1, problems);
    }
  } else if (keyword == "items") {
    items = parse(value, where, depth + 1, problems);
  } else if (keyword == "uniqueItems") {
    if (!value.is_bool()) return problems.push_back(where + ": is not a boolean");
    unique_items = value.get_bool();
  } else {
    problems.push_back(where + ": this keyword is not in the supported subset of JSON Schema");
  }
}

std::unique_ptr<ConfigSchema::Node> ConfigSchema::Node::parse(const json::value& schema, const std::string& where,
                                                              std::size_t depth, Problems& problems) {
  auto node = std::make_unique<Node>();
  if (depth > max_depth) {
    problems.push_back(where + ": is nested deeper than " + std::to_string(max_depth));
  } else if (!schema.is_object()) {
    problems.push_back(where + ": is not a schema object");
  } else {
    for (const auto& [keyword, value] : schema.get_object())
      node->parse_keyword(keyword, value, where + pointer_part(keyword), depth, problems);
  }
  return node;
}

void ConfigSchema::Node::check_object(const json::object& object, const std::string& path,
                                      std::vector<ConfigFault>& faults) const {
  for (const auto& name : required)
    if (!object.contains(name)) faults.push_back({path + pointer_part(name), "is required"});
  if (min_properties && object.size() < *min_properties)
    faults.push_back({path, "has fewer than " + std::to_string(*min_properties) + " members"});
  if (max_properties && object.size() > *max_properties)
    faults.push_back({path, "has more than " + std::to_string(*max_properties) + " members"});
  for (const auto& [name, value] : object) {
    if (faults.size() >= max_faults) return;
    const auto place = path + pointer_part(redact(name, 128));
    if (const auto known = properties.find(std::string_view{name}); known != properties.end()) {
      known->second->check(value, place, faults);
    } else if (closed) {
      faults.push_back({place, "is not a known field"});
    } else if (additional) {
      additional->check(value, place, faults);
    }
  }
}

void ConfigSchema::Node::check_array(const json::array& array, const std::string& path,
                                     std::vector<ConfigFault>& faults) const {
  if (min_items && array.size() < *min_items)
    faults.push_back({path, "has fewer than " + std::to_string(*min_items) + " items"});
  if (max_items && array.size() > *max_items) {
    faults.push_back({path, "has more than " + std::to_string(*max_items) + " items"});
    return;
  }
  for (std::size_t i = 0; i < array.size() && faults.size() < max_faults; ++i) {
    const auto place = path + "/" + std::to_string(i);
    if (items) items->check(array[i], place, faults);
    if (unique_items && std::find(array.begin(), array.begin() + static_cast<std::ptrdiff_t>(i), array[i]) !=
                            array.begin() + static_cast<std::ptrdiff_t>(i))
      faults.push_back({place, "is there twice"});
  }
}

void ConfigSchema::Node::check_scalar(const json::value& value, const std::string& path,
                                      std::vector<ConfigFault>& faults) const {
  if (value.is_string()) {
    const auto length = code_points(value.get_string());
    if (min_length && length < *min_length)
      faults.push_back({path, "is shorter than " + std::to_string(*min_length) + " characters"});
    if (max_length && length > *max_length)
      faults.push_back({path, "is longer than " + std::to_string(*max_length) + " characters"});
  } else if (value.is_number()) {
    const auto number = value.to_number<double>();
    if (minimum && number < *minimum) faults.push_back({path, "is below the minimum of " + text_of(*minimum)});
    if (maximum && number > *maximum) faults.push_back({path, "is above the maximum of " + text_of(*maximum)});
  }
}

void ConfigSchema::Node::check(const json::value& value, const std::string& path,
                               std::vector<ConfigFault>& faults) const {
  if (types != 0 && (types & types_of(value)) == 0) {
    std::string wanted;
    for (const auto& [name, type] : type_names)
      if ((types & type) != 0) wanted += (wanted.empty() ? "" : " or ") + std::string(name);
    faults.push_back({path, "is not of type " + wanted});
    return;
  }
  if (allowed && std::ranges::find(*allowed, value) == allowed->end()) {
    std::string list;
    for (const auto& choice : *allowed) list += (list.empty() ? "" : ", ") + json::serialize(choice);
    faults.push_back({path, "is not one of " + list});
    return;
  }
  if (value.is_object()) {
    check_object(value.get_object(), path, faults);
  } else if (value.is_array()) {
    check_array(value.get_array(), path, faults);
  } else {
    check_scalar(value, path, faults);
  }
}

ConfigSchema::ConfigSchema() : root_(std::make_unique<Node>()) { root_->types = object_type; }
ConfigSchema::~ConfigSchema() = default;
ConfigSchema::ConfigSchema(ConfigSchema&&) noexcept = default;
ConfigSchema& ConfigSchema::operator=(ConfigSchema&&) noexcept = default;

ConfigSchema ConfigSchema::parse(const json::value& schema, const std::string& where,
                                 std::vector<std::string>& problems) {
  ConfigSchema parsed;
  parsed.root_ = Node::parse(schema, where, 0, problems);
  if (parsed.root_->types != object_type) problems.push_back(where + ": must have \"type\": \"object\"");
  return parsed;
}

std::vector<ConfigFault> ConfigSchema::check(std::string_view config_json) const {
  if (config_json.size() > max_config_bytes)
    return {{"", "is larger than " + std::to_string(max_config_bytes) + " bytes"}};
  boost::system::error_code error;
  const auto config = json::parse({config_json.data(), config_json.size()}, error);
  if (error) return {{"", "is not JSON: " + error.message()}};
  std::vector<ConfigFault> faults;
  root_->check(config, "", faults);
  if (faults.size() > max_faults) faults.resize(max_faults);
  return faults;
}

}  // namespace opi::plugins
