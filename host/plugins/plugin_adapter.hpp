#pragma once
#include <memory>
#include <string>

#include "delivery/adapter.hpp"
#include "plugins/loaded_plugin.hpp"

namespace opi::plugins {

// The host's own judgement of an exchange that got no response.
Outcome outcome_of_fault(const delivery::HttpResponse& response);

// A loaded plugin's adapter component, configured for one destination. Whatever the plugin does wrong becomes a
// rendering or an outcome that says so (reason "adapter_fault"). Thread-safe.
class PluginAdapter final : public delivery::Adapter {
 public:
  // Throws std::runtime_error with the plugin's reason if it refuses the configuration.
  PluginAdapter(std::shared_ptr<LoadedPlugin> plugin, const Component& component, const Destination& destination,
                std::string user_agent, telemetry::Logger& logger);
  ~PluginAdapter() override;

  [[nodiscard]] delivery::Rendering render(const delivery::AttemptContext& context,
                                           const secrets::SecretSet& secrets) const override;
  [[nodiscard]] Outcome interpret(const delivery::AttemptContext& context,
                                  const delivery::HttpResponse& response) const override;

 private:
  std::shared_ptr<LoadedPlugin> plugin_;
  const Component& component_;  // the plugin's
  const opi_component_v1& lifetime_;
  const opi_http_adapter_v1& table_;
  std::string user_agent_;
  std::vector<std::string> endpoint_secrets_;  // which the plugin knows, and its log must not repeat
  telemetry::Logger& logger_;
  void* instance_ = nullptr;
};

}  // namespace opi::plugins
