#pragma once
#include <memory>
#include <string>
#include <vector>

#include "plugins/adapter_instance.hpp"
#include "plugins/local_instance.hpp"

namespace opi::plugins {

// An adapter of a plugin that runs in this process: called at once, on the caller's thread.
class LocalAdapter final : public AdapterInstance {
 public:
  // Throws std::runtime_error with the plugin's reason if it refuses the configuration.
  LocalAdapter(std::shared_ptr<const LoadedPlugin> plugin, const Component& component, const Destination& destination,
               std::vector<std::string> confidential);

  [[nodiscard]] bool sees_transport_faults() const override;
  void render(const opi_delivery& delivery, const opi_request_out& request, Done done) const override;
  void interpret(const opi_delivery& delivery, const opi_response& response, const opi_verdict_out& verdict,
                 std::shared_ptr<const secrets::Confidential> confidential, Done done) const override;

 private:
  const std::vector<std::string> confidential_;
  const LocalInstance instance_;
  const opi_http_adapter_v1& table_;
};

}  // namespace opi::plugins
