#pragma once
#include <memory>
#include <string>
#include <vector>

#include "delivery/adapter.hpp"
#include "plugins/plugin.hpp"

namespace opi::plugins {

// The host's own judgement of an exchange that got no response.
Outcome outcome_of_fault(const delivery::HttpResponse& response);

// A loaded plugin's adapter component, configured for one destination. Whatever the plugin does wrong becomes a
// rendering or an outcome that says so (reason "adapter_fault"). Thread-safe.
class PluginAdapter final : public delivery::Adapter {
 public:
  // Throws std::runtime_error with the plugin's reason if it refuses the configuration.
  PluginAdapter(std::shared_ptr<Plugin> plugin, const Component& component, const Destination& destination,
                std::string user_agent);

  // Asks the plugin and waits. Why it refuses the configuration; empty: it does not.
  [[nodiscard]] std::string refusal() const;
  [[nodiscard]] delivery::Rendering render(const delivery::AttemptContext& context,
                                           const secrets::SecretSet& secrets) const override;
  [[nodiscard]] Outcome interpret(const delivery::AttemptContext& context,
                                  const delivery::HttpResponse& response) const override;
  void begin_render(const delivery::AttemptContext& context, const secrets::SecretSet& secrets,
                    Rendered done) const override;
  void begin_interpret(const delivery::AttemptContext& context, const delivery::HttpResponse& response,
                       Interpreted done) const override;

 private:
  std::shared_ptr<Plugin> plugin_;
  const Component& component_;  // the plugin's
  std::string user_agent_;
  std::vector<std::string> confidential_;  // of the endpoint
  std::unique_ptr<AdapterInstance> instance_;
};

}  // namespace opi::plugins
