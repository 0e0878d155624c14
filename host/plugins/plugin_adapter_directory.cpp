#include "plugins/plugin_adapter_directory.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <filesystem>

#include "plugins/plugin_adapter.hpp"

namespace opi::plugins {
namespace {

std::string name_of(const std::string& file) { return std::filesystem::path(file).filename().string(); }

std::string unescaped(std::string_view part) {
  std::string name;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '~' && i + 1 < part.size())
      name += part[++i] == '1' ? '/' : '~';
    else
      name += part[i];
  }
  return name;
}

}  // namespace

std::string config_field(std::string_view json_pointer) {
  std::string field = "config";
  while (json_pointer.starts_with('/')) {
    json_pointer.remove_prefix(1);
    const auto part = json_pointer.substr(0, json_pointer.find('/'));
    json_pointer.remove_prefix(part.size());
    const bool index = !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
    field += index ? "[" + std::string(part) + "]" : "." + unescaped(part);
  }
  return field;
}

delivery::FieldError field_error(std::string_view refusal, std::string_view config_json) {
  const auto end = refusal.find(": ");
  const auto path = refusal.substr(0, std::min(end, refusal.size()));
  const auto member = path.substr(0, path.find_first_of(".["));
  const auto config = boost::json::parse({config_json.data(), config_json.size()});
  const bool of_config =
      config.is_object() && config.get_object().if_contains({member.data(), member.size()}) != nullptr;
  if (end != std::string_view::npos && (of_config || path == "endpoint"))
    return {(of_config ? "config." : "") + std::string(path), std::string(refusal.substr(end + 2))};
  return {"config", "was refused by the adapter: " + std::string(refusal)};
}

std::string without_directories(std::string_view text) {
  constexpr std::string_view ends_of_words = " \"'():,;";
  std::string kept;
  while (!text.empty()) {
    auto word = text.substr(0, text.find_first_of(ends_of_words));
    text.remove_prefix(word.size());
    if (word.starts_with('/')) word.remove_prefix(word.rfind('/') + 1);
    kept += word;
    const auto next = std::min(text.find_first_not_of(ends_of_words), text.size());
    kept += text.substr(0, next);
    text.remove_prefix(next);
  }
  return kept;
}

std::vector<administration::AdapterDescription> PluginAdapterDirectory::loaded() const {
  std::vector<administration::AdapterDescription> adapters;
  for (const auto& plugin : host_.loaded())
    for (const auto& component : plugin->manifest().components) {
      if (component.kind != ComponentKind::adapter) continue;
      auto& adapter = adapters.emplace_back();
      adapter.id = component.id;
      adapter.title = component.title;
      adapter.plugin = plugin->manifest().id;
      adapter.plugin_version = plugin->manifest().version;
      adapter.vendor = plugin->manifest().vendor;
      adapter.file = name_of(plugin->file());
      adapter.config_schema = component.config_schema_json;
      adapter.ordered = component.ordered;
      for (const auto& slot : component.slots) adapter.slots.push_back({slot.name, slot.title});
    }
  std::ranges::sort(adapters, {}, &administration::AdapterDescription::id);
  return adapters;
}

std::vector<administration::RefusedPlugin> PluginAdapterDirectory::refused() const {
  std::vector<administration::RefusedPlugin> plugins;
  for (const auto& refusal : host_.refused())
    plugins.push_back({name_of(refusal.file), std::string(to_string(refusal.stage)), refusal.code,
                       without_directories(refusal.message), refusal.remedy});
  return plugins;
}

std::vector<delivery::FieldError> PluginAdapterDirectory::check_config(std::string_view adapter,
                                                                       std::string_view config_json) const {
  std::vector<delivery::FieldError> errors;
  const auto found = host_.find(ComponentKind::adapter, adapter);
  if (!found.plugin) return errors;
  for (const auto& fault : found.component->config_schema.check(config_json))
    errors.push_back({config_field(fault.path), fault.message});
  return errors;
}

std::vector<delivery::FieldError> PluginAdapterDirectory::refusal(const Destination& destination) const {
  const auto found = host_.find(ComponentKind::adapter, destination.adapter);
  if (!found.plugin || !found.plugin->quarantine(destination.tenant_id).empty()) return {};
  std::string why;
  try {
    why = PluginAdapter(found.plugin, *found.component, destination, "").refusal();
  } catch (const std::system_error&) {
    return {};  // no process can be made just now
  } catch (const std::runtime_error& refused) {
    why = refused.what();
  }
  if (why.empty()) return {};
  return {field_error(why, destination.config)};
}

}  // namespace opi::plugins
