#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/plugin_host.hpp"
#include "plugins/plugin_secret_provider.hpp"
#include "secrets/secret_providers.hpp"

namespace opi::plugins {

// The secret providers of the loaded plugins, one of each component that is one, with its configuration. They come and
// go with the host's set: a plugin is taken on once its providers have been made, and the former ones end when nobody
// resolves by them any more. For one thread; the set is for all.
class PluginProviderRegistry {
 public:
  // The configuration of a provider, a JSON object; nullopt if nobody has configured it. Throws std::runtime_error to
  // have the provider refused.
  using ConfigOf = std::function<std::optional<std::string>(const Component& component)>;

  // Keeps `set` up to date. Borrows all three.
  PluginProviderRegistry(PluginHost& host, secrets::SecretProviders& set, telemetry::Logger& logger)
      : host_(host), set_(set), logger_(logger) {}

  // As the host's. A provider that nobody has configured, and that cannot do without, is not made. A plugin with a
  // provider that refuses its configuration is refused (L703). Where the file is the same and the configuration
  // another, the provider is made anew, and one that refuses it goes on with what it had.
  PluginHost::Change load_directory(const ConfigOf& config_of);
  PluginHost::Change reload_directory(const ConfigOf& config_of);

 private:
  struct Entry {
    std::shared_ptr<Plugin> plugin;
    const Component* component = nullptr;
    std::string config;
    std::shared_ptr<PluginSecretProvider> provider;
  };
  using Entries = std::vector<Entry>;

  [[nodiscard]] std::optional<std::string> config_for(const Component& component, const ConfigOf& config_of) const;
  [[nodiscard]] PluginHost::Judge judge(const ConfigOf& config_of, Entries& made) const;
  PluginHost::Change settle(PluginHost::Change change, const ConfigOf& config_of, Entries made);
  static Entry make(const std::shared_ptr<Plugin>& plugin, const Component& component, std::string config);
  static Refusal refused(const Plugin& plugin, const Component& component, const std::string& why);

  PluginHost& host_;
  secrets::SecretProviders& set_;
  telemetry::Logger& logger_;
  Entries entries_;
};

}  // namespace opi::plugins
