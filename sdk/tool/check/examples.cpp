#include "check/examples.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "failure.hpp"
#include "sample_delivery.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;

bool is_type(const json::value& type, std::string_view name) {
  if (type.is_array()) return std::ranges::any_of(type.get_array(), [&](const auto& t) { return is_type(t, name); });
  return type.is_string() && std::string_view{type.get_string()} == name;
}

json::value example_object(const json::object& schema);

// A value that the schema takes, by what it says of itself.
json::value example_value(const json::value& schema) {
  const auto* const object = schema.if_object();
  if (object == nullptr) return nullptr;
  if (const auto* const all = object->if_contains("examples"); all && all->is_array() && !all->get_array().empty())
    return all->get_array().front();
  for (const auto* const name : {"default", "const"})
    if (const auto* const value = object->if_contains(name)) return *value;
  if (const auto* const all = object->if_contains("enum"); all && all->is_array() && !all->get_array().empty())
    return all->get_array().front();
  const auto* const type = object->if_contains("type");
  if (type == nullptr || is_type(*type, "null")) return nullptr;
  if (is_type(*type, "object")) return example_object(*object);
  if (is_type(*type, "array")) return json::array{};
  if (is_type(*type, "boolean")) return false;
  if (is_type(*type, "string")) {
    const auto* const shortest = object->if_contains("minLength");
    return json::string(shortest && shortest->is_int64() ? static_cast<std::size_t>(shortest->get_int64()) : 1, 'x');
  }
  const auto* const least = object->if_contains("minimum");
  return least == nullptr ? json::value(1) : *least;
}

json::value example_object(const json::object& schema) {
  json::object made;
  const auto* const properties = schema.if_contains("properties");
  const auto* const required = schema.if_contains("required");
  if (properties == nullptr || !properties->is_object()) return made;
  for (const auto& [name, property] : properties->get_object()) {
    const bool wanted = required != nullptr && required->is_array() &&
                        std::ranges::find(required->get_array(), json::value(name)) != required->get_array().end();
    const bool has_default = property.is_object() && property.get_object().contains("default");
    if (wanted || has_default) made[name] = example_value(property);
  }
  return made;
}

json::object schema_of(const plugins::Component& component) {
  return json::parse(component.config_schema_json).get_object();
}

}  // namespace

std::vector<std::string> example_configs(const plugins::Component& component) {
  const auto schema = schema_of(component);
  std::vector<std::string> configs;
  const auto add = [&](const json::value& config) {
    auto text = json::serialize(config);
    if (component.config_schema.check(text).empty() && std::ranges::find(configs, text) == configs.end())
      configs.push_back(std::move(text));
  };
  if (const auto* const examples = schema.if_contains("examples"); examples && examples->is_array())
    for (const auto& example : examples->get_array()) add(example);
  if (configs.empty()) add(example_object(schema));
  add(json::object{});
  return configs;
}

std::vector<std::string> wrong_configs(const plugins::Component& component) {
  std::vector<std::string> configs{
      "", "{", "[]", "null", "\"text\"", R"({"a":)", "{\"\\ud800\":1}", std::string(3, '\0')};
  const auto schema = schema_of(component);
  const auto* const properties = schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return configs;
  const auto good = example_configs(component);
  for (const auto& [name, property] : properties->get_object())
    for (const auto& value : {json::value(nullptr), json::value(-1), json::value(json::array{nullptr}),
                              json::value(json::object{{"x", 1}}), json::value(std::string(5000, 'x'))}) {
      auto config = good.empty() ? json::object{} : json::parse(good.front()).get_object();
      config[name] = value;
      configs.push_back(json::serialize(config));
    }
  return configs;
}

std::vector<Event> example_events(const plugins::Component& component) {
  std::vector<Event> events;
  const auto samples = json::parse(component.samples_json).get_array();
  for (std::size_t i = 0; i < samples.size(); ++i) try {
      events.push_back(sample_event(json::serialize(samples[i])));
    } catch (const Failure& failure) {
      throw Failure("the manifest's sample " + std::to_string(i) + ": " + failure.what());
    }
  events.push_back(sample_event(
      R"({"correlation_id":"COR-1","payload":{"alert_id":"ALR-1001","title":"Impossible travel","severity":"high"}})"));
  return events;
}

std::string example_endpoint(const plugins::Component& component, const std::string& token) {
  std::string host = "receiver.example";
  const auto wide = [](const std::string& pattern) { return pattern == "{endpoint}" || pattern == "*"; };
  if (std::ranges::none_of(component.egress, wide) && !component.egress.empty()) {
    host = component.egress.front();
    if (host.starts_with("*.")) host = "receiver" + host.substr(1);
  }
  return "https://" + host + "/hook?v=" + token;
}

}  // namespace opi::tool
