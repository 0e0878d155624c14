#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/plugin_host.hpp"
#include "secrets/secret_provider.hpp"

namespace opi::plugins {

// A loaded plugin's secret provider. The host parses references by the manifest's template and keeps tenants apart
// where the template names them. Thread-safe.
class PluginSecretProvider final : public secrets::SecretProvider {
 public:
  static constexpr std::size_t max_keys = 64;

  // Throws std::runtime_error with the plugin's reason if it refuses the configuration.
  PluginSecretProvider(std::shared_ptr<LoadedPlugin> plugin, const Component& component, const std::string& config_json,
                       telemetry::Logger& logger);
  ~PluginSecretProvider() override;

  [[nodiscard]] std::string_view scheme() const override { return component_.reference->scheme(); }
  [[nodiscard]] secrets::SecretReference parse(std::string_view reference, const TenantId& tenant) const override;
  secrets::ResolveResult resolve(const secrets::ResolveQuery& query) override;

 private:
  std::shared_ptr<LoadedPlugin> plugin_;
  const Component& component_;  // the plugin's
  const opi_component_v1& lifetime_;
  const opi_secret_provider_v1& table_;
  telemetry::Logger& logger_;
  void* instance_ = nullptr;
};

// One provider of each loaded component that is one, with its configuration by component id ("{}" if there is none). A
// configuration that is refused becomes a refusal of the host (L703), naming the field; the others go on.
std::vector<std::shared_ptr<secrets::SecretProvider>> make_secret_providers(
    PluginHost& host, const std::map<std::string, std::string>& configs, telemetry::Logger& logger);

}  // namespace opi::plugins
