#include "plugins/plugin_provider_registry.hpp"

#include <algorithm>
#include <stdexcept>

#include "plugins/refusal_codes.hpp"

namespace opi::plugins {

PluginHost::Change PluginProviderRegistry::load_directory(const ConfigOf& config_of) {
  Entries made;
  auto change = host_.load_directory(judge(config_of, made));
  return settle(std::move(change), config_of, std::move(made));
}

PluginHost::Change PluginProviderRegistry::reload_directory(const ConfigOf& config_of) {
  Entries made;
  auto change = host_.reload_directory(judge(config_of, made));
  return settle(std::move(change), config_of, std::move(made));
}

PluginProviderRegistry::Entry PluginProviderRegistry::make(const std::shared_ptr<Plugin>& plugin,
                                                           const Component& component, std::string config) {
  auto provider = std::make_shared<PluginSecretProvider>(plugin, component, config);
  return {plugin, &component, std::move(config), std::move(provider)};
}

Refusal PluginProviderRegistry::refused(const Plugin& plugin, const Component& component, const std::string& why) {
  return refusal(plugin.file(), Stage::init, codes::config_refused,
                 "the configuration of \"" + component.id + "\" is refused: " + why);
}

std::optional<std::string> PluginProviderRegistry::config_for(const Component& component, const ConfigOf& config_of) {
  auto config = config_of(component);
  if (!config && component.config_schema.check("{}").empty()) config = "{}";
  return config;
}

PluginHost::Judge PluginProviderRegistry::judge(const ConfigOf& config_of, Entries& made) const {
  return [&](const std::shared_ptr<Plugin>& plugin) {
    std::vector<Refusal> against;
    for (const auto& component : plugin->manifest().components)
      if (component.kind == ComponentKind::secret_provider) try {
          if (auto config = config_for(component, config_of)) made.push_back(make(plugin, component, std::move(*config)));
        } catch (const std::runtime_error& refusal) {
          against.push_back(refused(*plugin, component, refusal.what()));
        }
    return against;
  };
}

PluginHost::Change PluginProviderRegistry::settle(PluginHost::Change change, const ConfigOf& config_of, Entries made) {
  Entries now;
  const auto of = [](Entries& entries, const std::shared_ptr<Plugin>& plugin, const Component& component) -> Entry* {
    const auto found = std::ranges::find_if(
        entries, [&](const Entry& one) { return one.plugin == plugin && one.component == &component; });
    return found == entries.end() ? nullptr : &*found;
  };
  for (const auto& plugin : host_.loaded())
    for (const auto& component : plugin->manifest().components) {
      if (component.kind != ComponentKind::secret_provider) continue;
      auto* entry = of(made, plugin, component);
      if (entry == nullptr) entry = of(entries_, plugin, component);
      try {
        auto config = config_for(component, config_of);
        if (!config) continue;
        if (entry == nullptr || *config != entry->config) {
          now.push_back(make(plugin, component, std::move(*config)));
          continue;
        }
      } catch (const std::runtime_error& refusal) {
        change.refused.push_back(refused(*plugin, component, refusal.what()));
        host_.add_refusal(change.refused.back());
      }
      if (entry != nullptr) now.push_back(*entry);
    }
  secrets::SecretProviders::List all;
  for (const auto& entry : now) all.push_back(entry.provider);
  set_.replace(std::move(all));
  entries_ = std::move(now);
  return change;
}

}  // namespace opi::plugins
