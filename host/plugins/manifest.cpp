#include "plugins/manifest.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "domain/authorization.hpp"
#include "plugins/abi.hpp"

namespace opi::plugins {
namespace {

namespace json = boost::json;
using Problems = std::vector<std::string>;

constexpr std::array<std::string_view, 4> environments{"local", "dev", "test", "production"};

bool is_id(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 64 && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || c == '.' || c == '_' || c == '-'; });
}

// Takes the fields of one JSON object, and reports those that nobody took.
class Fields {
 public:
  Fields(const json::object& object, std::string where, Problems& problems)
      : object_(object), where_(std::move(where)), problems_(problems) {}

  [[nodiscard]] std::string path(std::string_view name) const { return where_ + "/" + std::string(name); }
  void problem(std::string_view name, const std::string& text) const { problems_.push_back(path(name) + ": " + text); }
  const json::value* take(std::string_view name) {
    taken_.emplace_back(name);
    return object_.if_contains({name.data(), name.size()});
  }
  // A non-empty string of at most `max` bytes.
  std::string text(std::string_view name, std::size_t max, bool required = true) {
    const auto* const value = take(name);
    if (value == nullptr) {
      if (required) problem(name, "is required");
      return {};
    }
    if (!value->is_string() || value->get_string().empty() || value->get_string().size() > max) {
      problem(name, "is not a string of 1 to " + std::to_string(max) + " bytes");
      return {};
    }
    return std::string(value->get_string());
  }
  std::string id(std::string_view name) {
    auto value = text(name, 64);
    if (!value.empty() && !is_id(value)) problem(name, "is not made of lower-case letters, digits, '.', '_' and '-'");
    return value;
  }
  std::vector<std::string> texts(std::string_view name, std::size_t max_items, bool required = false) {
    std::vector<std::string> values;
    const auto* const value = take(name);
    if (value == nullptr && !required) return values;
    if (value == nullptr || !value->is_array() || value->get_array().size() > max_items) {
      problem(name, "is not an array of at most " + std::to_string(max_items) + " strings");
      return values;
    }
    for (const auto& item : value->get_array()) {
      if (!item.is_string() || item.get_string().size() > 256) {
        problem(name, "holds something other than strings of at most 256 bytes");
        return values;
      }
      values.emplace_back(item.get_string());
    }
    return values;
  }
  void report_unknown() const {
    for (const auto& [name, value] : object_)
      if (std::ranges::find(taken_, std::string_view{name}) == taken_.end() &&
          !std::string_view{name}.starts_with("x-"))
        problem(std::string_view{name}.substr(0, 64), "is not a known field");
  }

 private:
  const json::object& object_;
  std::string where_;
  Problems& problems_;
  std::vector<std::string> taken_;
};

void read_abi(Fields& fields, Manifest& manifest) {
  const auto text = fields.text("abi", 16);
  if (text.empty()) return;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, manifest.abi_major);
  if (major.ec == std::errc{} && major.ptr != end && *major.ptr == '.') {
    const auto minor = std::from_chars(major.ptr + 1, end, manifest.abi_minor);
    if (minor.ec == std::errc{} && minor.ptr == end) return;
  }
  fields.problem("abi", "is not <major>.<minor>");
}

void read_slots(Fields& fields, Component& component) {
  const auto* const value = fields.take("slots");
  if (value == nullptr) return;
  if (!value->is_array() || value->get_array().size() > 8)
    return fields.problem("slots", "is not an array of at most 8 slots");
  for (const auto& item : value->get_array()) {
    const auto* const object = item.if_object();
    const auto* const name = object == nullptr ? nullptr : object->if_contains("name");
    if (name == nullptr || !name->is_string() || !is_id(name->get_string()))
      return fields.problem("slots", "holds a slot without a valid name");
    if (is_purpose_of_the_host(std::string_view(name->get_string())))
      return fields.problem("slots", "holds a slot whose name is the host's own: authorization, client_certificate");
    const auto* const title = object->if_contains("title");
    component.slots.push_back({std::string(name->get_string()),
                               title != nullptr && title->is_string() ? std::string(title->get_string()) : ""});
  }
}

void read_limits(Fields& fields, Component& component) {
  const auto* const value = fields.take("limits");
  if (value == nullptr) return;
  const auto* const object = value->if_object();
  if (object == nullptr) return fields.problem("limits", "is not an object");
  for (const auto& [name, limit] : *object) {
    if (name != "body_bytes") {
      fields.problem("limits", "names the unknown limit \"" + std::string(name).substr(0, 64) + "\"");
    } else if (!limit.is_int64() || limit.get_int64() < 1 || limit.get_int64() > 1024 * 1024) {
      fields.problem("limits", "body_bytes is not between 1 and 1048576");
    } else {
      component.body_bytes = static_cast<std::size_t>(limit.get_int64());
    }
  }
}

void read_order(Fields& fields, Component& component) {
  const auto order = fields.text("order", 16, false);
  if (!order.empty() && order != "none" && order != "subject") fields.problem("order", "is not none or subject");
  component.ordered = order == "subject";
}

void read_kind(Fields& fields, Component& component, Problems& problems) {
  const auto kind = fields.text("kind", 32);
  std::vector<std::string_view> needed{OPI_IF_COMPONENT};
  const auto reference = fields.text("reference", 256, kind == "secret_provider");
  const auto* const needs = fields.take("needs");
  if (kind == "adapter") {
    component.kind = ComponentKind::adapter;
    needed.push_back(OPI_IF_HTTP_ADAPTER);
    if (!reference.empty()) fields.problem("reference", "is for secret providers alone");
    if (needs != nullptr) fields.problem("needs", "is for secret providers alone: an adapter computes");
    if (component.egress.empty())
      fields.problem("egress", "is required: where the adapter may send, such as [\"{endpoint}\"]");
  } else if (kind == "secret_provider") {
    component.kind = ComponentKind::secret_provider;
    needed.push_back(OPI_IF_SECRET_PROVIDER);
    if (!reference.empty())
      component.reference = ReferenceTemplate::parse(reference, fields.path("reference"), problems);
    if (needs != nullptr)
      component.needs = Needs::parse(*needs, json::parse(component.config_schema_json), fields.path("needs"), problems);
  } else if (!kind.empty()) {
    fields.problem("kind", "is not adapter or secret_provider");
    return;
  }
  for (const auto interface : needed)
    if (std::ranges::find(component.interfaces, interface) == component.interfaces.end())
      fields.problem("interfaces", "lacks \"" + std::string(interface) + "\", which a component of this kind needs");
}

Component read_component(const json::object& object, const std::string& where, Problems& problems) {
  Component component;
  Fields fields(object, where, problems);
  component.id = fields.id("id");
  component.title = fields.text("title", 200);
  component.interfaces = fields.texts("interfaces", 16, true);
  component.egress = fields.texts("egress", 32);
  component.environments = fields.texts("environments", 4);
  for (const auto& name : component.environments)
    if (std::ranges::find(environments, name) == environments.end())
      fields.problem("environments", "names something other than local, dev, test or production");
  if (const auto* const schema = fields.take("config_schema")) {
    component.config_schema = ConfigSchema::parse(*schema, fields.path("config_schema"), problems);
    component.config_schema_json = json::serialize(*schema);
  } else {
    fields.problem("config_schema", "is required");
    component.config_schema_json = "{}";
  }
  read_slots(fields, component);
  read_limits(fields, component);
  read_order(fields, component);
  read_kind(fields, component, problems);
  component.samples_json = "[]";
  if (const auto* const samples = fields.take("samples")) {
    if (!samples->is_array()) fields.problem("samples", "is not an array");
    component.samples_json = json::serialize(*samples);
  }
  fields.report_unknown();
  return component;
}

}  // namespace

Manifest parse_manifest(std::string_view text, Problems& problems) {
  Manifest manifest;
  if (text.size() > Manifest::max_bytes) {
    problems.push_back("is larger than " + std::to_string(Manifest::max_bytes) + " bytes");
    return manifest;
  }
  boost::system::error_code error;
  const auto parsed = json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) {
    problems.push_back(error ? "is not JSON: " + error.message() : "is not a JSON object");
    return manifest;
  }
  Fields fields(parsed.get_object(), "", problems);
  manifest.id = fields.id("id");
  manifest.version = fields.text("version", 64);
  manifest.vendor = fields.text("vendor", 200);
  read_abi(fields, manifest);
  const auto* const components = fields.take("components");
  if (components == nullptr || !components->is_array() || components->get_array().empty() ||
      components->get_array().size() > Manifest::max_components) {
    fields.problem("components", "is not an array of 1 to " + std::to_string(Manifest::max_components) + " components");
  } else {
    for (std::size_t i = 0; i < components->get_array().size(); ++i) {
      const auto where = "/components/" + std::to_string(i);
      if (const auto* const object = components->get_array()[i].if_object()) {
        manifest.components.push_back(read_component(*object, where, problems));
        const auto& id = manifest.components.back().id;
        if (std::ranges::count(manifest.components, id, &Component::id) > 1)
          problems.push_back(where + "/id: is used twice");
      } else {
        problems.push_back(where + ": is not an object");
      }
    }
  }
  fields.report_unknown();
  return manifest;
}

}  // namespace opi::plugins
