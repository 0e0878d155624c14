#include "plugins/needs.hpp"

#include <algorithm>
#include <stdexcept>

namespace opi::plugins {
namespace {

namespace json = boost::json;

// A place that can be told from others by its name: absolute, without "." and "..", and not the whole tree.
bool is_place(std::string_view path) {
  if (path.size() < 2 || path.size() > Needs::max_path_bytes || path.front() != '/') return false;
  if (path.find('\0') != std::string_view::npos) return false;
  bool names_something = false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    if (part == "." || part == "..") return false;
    names_something = names_something || !part.empty();
    path.remove_prefix(part.size());
  }
  return names_something;
}

const json::value* member(const json::value& value, std::string_view name) {
  const auto* const object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
}

}  // namespace

Needs::Place Needs::place_of(const json::value& value, const json::value& schema, std::string& fault) {
  Place place;
  if (value.is_string()) {
    place.path = value.get_string();
    if (!is_place(place.path)) fault = "is not an absolute path of at most 1024 bytes without \".\" and \"..\"";
    return place;
  }
  const auto* const name = member(value, "config");
  if (name == nullptr || !name->is_string() || value.get_object().size() != 1) {
    fault = "is neither a path nor {\"config\": \"<property>\"}";
    return place;
  }
  place.property = name->get_string();
  const auto* const properties = member(schema, "properties");
  const auto* const property = properties == nullptr ? nullptr : member(*properties, place.property);
  const auto* const type = property == nullptr ? nullptr : member(*property, "type");
  if (type == nullptr || *type != json::value("string"))
    fault = "names something that is no property of config_schema with \"type\": \"string\"";
  else if (const auto* const otherwise = member(*property, "default"); otherwise != nullptr && otherwise->is_string())
    place.otherwise = otherwise->get_string();
  if (!place.otherwise.empty() && !is_place(place.otherwise))
    fault = "names a property whose default is not a path without \".\" and \"..\"";
  return place;
}

Needs Needs::parse(const json::value& value, const json::value& schema, const std::string& where,
                   std::vector<std::string>& problems) {
  Needs needs;
  const auto* const object = value.if_object();
  if (object == nullptr) {
    problems.push_back(where + ": is not an object");
    return needs;
  }
  for (const auto& [name, need] : *object) {
    const auto at = where + "/" + std::string(name).substr(0, 64);
    if (name == "network") {
      if (!need.is_bool()) problems.push_back(at + ": is not true or false");
      needs.network_ = need.is_bool() && need.get_bool();
    } else if (name != "files") {
      problems.push_back(at + ": is not a known need: network, files");
    } else if (!need.is_array() || need.get_array().size() > max_files) {
      problems.push_back(at + ": is not an array of at most " + std::to_string(max_files) + " places");
    } else {
      for (const auto& each : need.get_array()) {
        std::string fault;
        needs.files_.push_back(place_of(each, schema, fault));
        if (!fault.empty()) problems.push_back(at + "/" + std::to_string(needs.files_.size() - 1) + ": " + fault);
      }
    }
  }
  return needs;
}

Reach Needs::reach(std::string_view config_json) const {
  Reach reach{network_, {}};
  boost::system::error_code error;
  const auto config = json::parse({config_json.data(), config_json.size()}, error);
  for (const auto& place : files_) {
    std::string path = place.path;
    if (!place.property.empty()) {
      const auto* const given = error ? nullptr : member(config, place.property);
      path = given != nullptr && given->is_string() ? std::string(given->get_string()) : place.otherwise;
      if (!path.starts_with('/')) continue;  // a word, such as what says that the place is elsewhere
      if (!is_place(path)) throw std::runtime_error("/" + place.property + " is not a path without \".\" and \"..\"");
    }
    reach.files.push_back(std::move(path));
  }
  return reach;
}

std::vector<std::string> Needs::described() const {
  std::vector<std::string> all;
  if (network_) all.emplace_back("network");
  for (const auto& place : files_) all.push_back(place.property.empty() ? place.path : "(" + place.property + ")");
  return all;
}

}  // namespace opi::plugins
