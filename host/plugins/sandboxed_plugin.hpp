#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "plugins/plugin.hpp"
#include "plugins/sandbox.hpp"

namespace opi::plugins {

// A plugin that runs in a process of its own (opi-plugin-host): it can compute, and nothing else. Its adapters only; a
// secret provider has to reach files or the network.
class SandboxedPlugin final : public Plugin, public std::enable_shared_from_this<SandboxedPlugin> {
 public:
  // Runs the process and starts the plugin there. Null if that fails; then why stands in `refused`. `died` is as in
  // Sandbox::Hooks.
  static std::shared_ptr<SandboxedPlugin> load(PluginSource source, const SandboxOptions& options, Sandbox::Hooks hooks,
                                               telemetry::Logger& logger, std::vector<Refusal>& refused);
  ~SandboxedPlugin() override;

  [[nodiscard]] Isolation isolation() const override { return Isolation::process; }
  [[nodiscard]] std::string quarantine() const override { return sandbox_->quarantine(); }
  [[nodiscard]] std::unique_ptr<AdapterInstance> adapter(const Component& component, const Destination& destination,
                                                         std::vector<std::string> confidential) override;

  // For its adapters.
  [[nodiscard]] Sandbox& sandbox() const { return *sandbox_; }
  [[nodiscard]] const std::shared_ptr<Sandbox>& shared_sandbox() const { return sandbox_; }
  [[nodiscard]] std::uint32_t log_threshold() const;
  [[nodiscard]] bool sees_transport_faults(const Component& component) const;

 private:
  SandboxedPlugin(PluginSource source, std::shared_ptr<Sandbox> sandbox, telemetry::Logger& logger);

  std::shared_ptr<Sandbox> sandbox_;
  telemetry::Logger& logger_;
  std::uint64_t seers_ = 0;  // CallEnd::flags of its start
  std::atomic<std::uint64_t> instances_{0};
};

}  // namespace opi::plugins
