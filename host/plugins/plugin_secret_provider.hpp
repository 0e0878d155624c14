#pragma once
#include <memory>
#include <string>

#include "plugins/plugin.hpp"
#include "secrets/secret_provider.hpp"

namespace opi::plugins {

// A loaded plugin's secret provider. The host parses references by the manifest's template and keeps tenants apart
// where the template names them. Thread-safe.
class PluginSecretProvider final : public secrets::SecretProvider {
 public:
  // Throws std::runtime_error that names what is wrong if the schema or the plugin refuses the configuration.
  PluginSecretProvider(std::shared_ptr<Plugin> plugin, const Component& component, const std::string& config_json);

  [[nodiscard]] std::string_view scheme() const override { return component_.reference->scheme(); }
  // One that the plugin cannot be asked about just now is not refused: resolve() says what became of the plugin.
  [[nodiscard]] secrets::SecretReference parse(std::string_view reference, const TenantId& tenant) const override;
  secrets::ResolveResult resolve(const secrets::ResolveQuery& query) override;

 private:
  std::shared_ptr<Plugin> plugin_;
  const Component& component_;  // the plugin's
  std::unique_ptr<ProviderInstance> instance_;
};

}  // namespace opi::plugins
