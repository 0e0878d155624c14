#pragma once
#include <memory>
#include <string>

#include "plugins/loaded_plugin.hpp"
#include "plugins/provider_instance.hpp"

namespace opi::plugins {

// A secret provider of a plugin that runs in this process: called on the caller's thread.
class LocalProvider final : public ProviderInstance {
 public:
  // Throws std::runtime_error with the plugin's reason if it refuses the configuration.
  LocalProvider(std::shared_ptr<const LoadedPlugin> plugin, const Component& component, const std::string& config_json);
  ~LocalProvider() override;

  [[nodiscard]] CallEnd check_reference(const opi_secret_query& query) override;
  [[nodiscard]] secrets::ResolveResult resolve(const opi_secret_query& query) override;

 private:
  std::shared_ptr<const LoadedPlugin> plugin_;
  const opi_component_v1& lifetime_;
  const opi_secret_provider_v1& table_;
  void* instance_ = nullptr;
};

}  // namespace opi::plugins
