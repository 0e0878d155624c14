#pragma once
#include <memory>
#include <string>

#include "plugins/local_instance.hpp"
#include "plugins/provider_instance.hpp"

namespace opi::plugins {

// A secret provider of a plugin that runs in this process: called on the caller's thread.
class LocalProvider final : public ProviderInstance {
 public:
  // Throws std::runtime_error with the plugin's reason if it refuses the configuration.
  LocalProvider(std::shared_ptr<const LoadedPlugin> plugin, const Component& component, const std::string& config_json);

  [[nodiscard]] CallEnd check_reference(const opi_secret_query& query) override;
  [[nodiscard]] secrets::ResolveResult resolve(const opi_secret_query& query) override;

 private:
  const LocalInstance instance_;
  const opi_secret_provider_v1& table_;
};

}  // namespace opi::plugins
