#pragma once
#include <memory>

#include "plugins/adapter_instance.hpp"
#include "plugins/sandboxed_plugin.hpp"

namespace opi::plugins {

// An adapter of a plugin in a process of its own. The process makes its instance with the first call, and again after
// each of its deaths.
class SandboxedAdapter final : public AdapterInstance {
 public:
  SandboxedAdapter(std::shared_ptr<const SandboxedPlugin> plugin, std::shared_ptr<Sandbox> sandbox,
                   std::uint64_t number, const Component& component, const Destination& destination,
                   std::vector<std::string> confidential);
  ~SandboxedAdapter() override;

  [[nodiscard]] std::string refusal() const override;
  [[nodiscard]] bool sees_transport_faults() const override { return sees_transport_faults_; }
  void render(const opi_delivery& delivery, const opi_request_out& request, Done done) const override;
  void interpret(const opi_delivery& delivery, const opi_response& response, const opi_verdict_out& verdict,
                 std::shared_ptr<const secrets::Confidential> confidential, Done done) const override;

 private:
  void submit(SandboxCall call) const;
  [[nodiscard]] FrameWriter frame(FrameKind kind) const;

  std::shared_ptr<const SandboxedPlugin> plugin_;
  std::shared_ptr<Sandbox> sandbox_;
  std::shared_ptr<const SandboxInstance> instance_;
  const TenantId tenant_;
  const bool sees_transport_faults_;
};

}  // namespace opi::plugins
