#include "node/provider_settings.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>

#include "plugins/abi.hpp"
#include "plugins/discovery.hpp"
#include "plugins/inspection.hpp"

namespace opi::node {
namespace {

namespace json = boost::json;
using configuration::ProviderSetting;
using Section = std::map<std::string, ProviderSetting>;

json::object properties_of(const plugins::Component& component) {
  json::error_code fault;
  const auto schema = json::parse(component.config_schema_json, fault);
  const auto* object = fault ? nullptr : schema.if_object();
  const auto* properties = object == nullptr ? nullptr : object->if_contains("properties");
  return properties != nullptr && properties->is_object() ? properties->get_object() : json::object{};
}

bool is_required(const plugins::Component& component, std::string_view name) {
  const auto faults = component.config_schema.check("{}");
  return std::ranges::find(faults, "/" + std::string(name), &plugins::ConfigFault::path) != faults.end();
}

// "integer", or "integer | null" where it may be several.
std::string type_of(const json::value& property) {
  const auto* type = property.is_object() ? property.get_object().if_contains("type") : nullptr;
  if (type == nullptr) return "string";
  if (type->is_string()) return std::string(type->get_string());
  std::string all;
  if (const auto* several = type->if_array())
    for (const auto& one : *several)
      if (one.is_string()) all.append(all.empty() ? "" : " | ").append(one.get_string());
  return all;
}

// The one text that stands for something else: what systemd gives a service is named by its environment, which a plugin
// in a process of its own has not. Where there is none it stays as it is, for the plugin to refuse.
std::string expanded(const std::string& text) {
  if (text != "$CREDENTIALS_DIRECTORY") return text;
  const char* const given = std::getenv("CREDENTIALS_DIRECTORY");
  return given == nullptr ? text : given;
}

json::value value_of(const std::string& text, const json::value& property) {
  if (type_of(property).find("string") != std::string::npos) return json::string(expanded(text));
  json::error_code fault;
  auto value = json::parse(text, fault);
  return fault ? json::value(json::string(text)) : value;
}

std::string annotation(const json::value& property, std::string_view name) {
  const auto* found = property.is_object() ? property.get_object().if_contains({name.data(), name.size()}) : nullptr;
  if (found == nullptr) return {};
  return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

// "/headers/x" is of the setting "headers".
std::string setting_of(const std::string& pointer) {
  return pointer.empty() ? std::string{} : pointer.substr(1, pointer.find('/', 1) - 1);
}

// A comment of lines of at most 118 characters.
std::string commented(const std::string& text) {
  std::string out, line = "#";
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (line.size() + 1 + end - at > 118 && line.size() > 1) out += std::exchange(line, "#") + "\n";
    line += " " + text.substr(at, end - at);
    at = end + 1;
  }
  return out + line + "\n";
}

std::vector<OfferedProvider> offered_by(const plugins::Discovery& files) {
  std::vector<OfferedProvider> offered;
  for (const auto& candidate : files.candidates) {
    std::vector<plugins::Refusal> refused;
    auto manifest = plugins::inspect(candidate, OPI_ABI_MINOR, refused);
    if (!refused.empty()) continue;
    for (auto& component : manifest.components)
      if (component.kind == plugins::ComponentKind::secret_provider)
        offered.push_back({manifest.id, candidate.file, std::move(component)});
  }
  std::ranges::sort(offered, {}, [](const auto& one) { return one.component.id; });
  return offered;
}

}  // namespace

bool OfferedProvider::is_for(configuration::Environment environment) const {
  const auto& named = component.environments;
  return named.empty() || std::ranges::find(named, configuration::to_string(environment)) != named.end();
}

std::vector<OfferedProvider> offered_providers(const std::filesystem::path& plugin_directory) {
  return offered_by(plugins::discover(plugin_directory));
}

std::string json_of(const Section& section, const plugins::Component& component) {
  const auto properties = properties_of(component);
  json::object config;
  for (const auto& [name, setting] : section) {
    const auto* property = properties.if_contains(name);
    config[name] = value_of(setting.text, property == nullptr ? json::value() : *property);
  }
  return json::serialize(config);
}

std::vector<std::string> section_faults(const Section& section, const plugins::Component& component) {
  std::vector<std::string> faults;
  for (const auto& fault : component.config_schema.check(json_of(section, component))) {
    const auto name = setting_of(fault.path);
    const auto setting = section.find(name);
    const auto& place = setting != section.end() ? setting->second.source : section.begin()->second.source;
    faults.push_back(place + ": secret_provider." + component.id + (name.empty() ? "" : "." + name) + " " +
                     fault.message);
  }
  return faults;
}

std::vector<std::string> provider_faults(const configuration::Configuration& configuration) {
  std::vector<std::string> faults;
  if (configuration.secret_providers.empty()) return faults;
  const auto files = plugins::discover(configuration.plugin_directory);
  if (files.candidates.empty() && !files.refused.empty()) return faults;
  const auto offered = offered_by(files);
  for (const auto& [id, section] : configuration.secret_providers) {
    const auto found = std::ranges::find(offered, id, [](const auto& one) { return one.component.id; });
    const auto where = section.begin()->second.source + ": [secret_provider." + id + "] ";
    if (found == offered.end()) continue;  // it may be dropped in later; --check-config and doctor tell
    if (!found->is_for(configuration.environment)) {
      faults.push_back(where + "is of a provider that may not be used in " +
                       std::string(configuration::to_string(configuration.environment)));
    } else {
      std::ranges::move(section_faults(section, found->component), std::back_inserter(faults));
    }
  }
  return faults;
}

std::vector<std::string> sections_of_nobody(const configuration::Configuration& configuration) {
  std::vector<std::string> faults;
  const auto files = plugins::discover(configuration.plugin_directory);
  if (files.candidates.empty() && !files.refused.empty()) return faults;
  const auto offered = offered_by(files);
  for (const auto& [id, section] : configuration.secret_providers)
    if (std::ranges::find(offered, id, [](const auto& one) { return one.component.id; }) == offered.end())
      faults.push_back(section.begin()->second.source + ": [secret_provider." + id +
                       "] names no secret provider of a plugin in " + configuration.plugin_directory);
  return faults;
}

std::string_view to_string(ProviderState state) {
  switch (state) {
    case ProviderState::serving: return "serving";
    case ProviderState::not_configured: return "not_configured";
    case ProviderState::not_here: return "not_here";
    case ProviderState::refused: return "refused";
  }
  return "";
}

std::vector<ProviderStanding> provider_standings(const configuration::Configuration& configuration,
                                                 const secrets::SecretProviders& serving) {
  std::vector<ProviderStanding> standings;
  for (const auto& offered : offered_providers(configuration.plugin_directory)) {
    const auto& component = offered.component;
    const bool configured = configuration.secret_providers.contains(component.id);
    const std::string scheme(component.reference->scheme());
    const auto state = serving.find(scheme) != nullptr               ? ProviderState::serving
                       : !offered.is_for(configuration.environment)  ? ProviderState::not_here
                       : !configured && !offered.needs_no_settings() ? ProviderState::not_configured
                                                                     : ProviderState::refused;
    standings.push_back({component.id, scheme, offered.plugin, configured, state});
  }
  return standings;
}

std::string documented_providers(const std::filesystem::path& plugin_directory) {
  std::string text;
  for (const auto& offered : offered_providers(plugin_directory)) {
    const auto& component = offered.component;
    text += "\n[secret_provider." + component.id + "]\n";
    std::string about = component.title + ": " + std::string(component.reference->scheme()) + "://";
    if (!offered.is_for(configuration::Environment::production)) about += ", not in production";
    text += commented(about + ".");
    for (const auto& [name, property] : properties_of(component)) {
      auto description = annotation(property, "description");
      if (description.empty()) description = annotation(property, "title");
      text += commented(description);
      text += commented(type_of(property) + (is_required(component, name) ? ", required" : ""));
      text += "#" + std::string(name) + "=" + annotation(property, "default") + "\n";
    }
  }
  return text;
}

}  // namespace opi::node
