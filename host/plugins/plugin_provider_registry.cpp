#include "plugins/plugin_provider_registry.hpp"

#include <algorithm>
#include <iterator>
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

std::optional<std::string> PluginProviderRegistry::config_for(const Component& component,
                                                              const ConfigOf& config_of) const {
  auto config = config_of(component);
  if (config || component.config_schema.check("{}").empty()) return config ? std::move(config) : "{}";
  logger_.info("secret_provider.not_configured", {{"provider", component.id}});
  return std::nullopt;
}

PluginHost::Judge PluginProviderRegistry::judge(const ConfigOf& config_of, Entries& made) const {
  return [&](const std::shared_ptr<Plugin>& plugin) {
    std::vector<Refusal> against;
    for (const auto& component : plugin->manifest().components)
      if (component.kind == ComponentKind::secret_provider) try {
          if (auto config = config_for(component, config_of))
            made.push_back(make(plugin, component, std::move(*config)));
        } catch (const std::runtime_error& refusal) {
          against.push_back(refused(*plugin, component, refusal.what()));
        }
    return against;
  };
}

PluginHost::Change PluginProviderRegistry::settle(PluginHost::Change change, const ConfigOf& config_of, Entries made) {
  Entries now;
  std::ranges::move(entries_, std::back_inserter(made));
  for (const auto& plugin : host_.loaded())
    for (const auto& component : plugin->manifest().components) {
      if (component.kind != ComponentKind::secret_provider) continue;
      const auto known = std::ranges::find_if(
          made, [&](const Entry& one) { return one.plugin == plugin && one.component == &component; });
      try {
        auto config = config_for(component, config_of);
        if (!config) continue;
        const bool is_same = known != made.end() && known->config == *config;
        now.push_back(is_same ? *known : make(plugin, component, std::move(*config)));
      } catch (const std::runtime_error& refusal) {
        change.refused.push_back(refused(*plugin, component, refusal.what()));
        host_.add_refusal(change.refused.back());
        if (known != made.end()) now.push_back(*known);
      }
    }
  secrets::SecretProviders::List all;
  for (const auto& entry : now) all.push_back(entry.provider);
  set_.replace(std::move(all));
  entries_ = std::move(now);
  return change;
}

}  // namespace opi::plugins
