#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "foundation/mutex.hpp"
#include "plugins/plugin.hpp"
#include "plugins/sandbox.hpp"
#include "plugins/sandbox_lanes.hpp"

namespace opi::plugins {

// A plugin that runs in processes of its own (opi-plugin-host). Its adapters can compute there, and nothing else; each
// of its secret providers has processes beside that one, which can reach what its manifest declares. One process of
// adapters serves all tenants, so that a plugin could keep what it saw of one for another's delivery; with one for each
// tenant it cannot.
class SandboxedPlugin final : public Plugin, public std::enable_shared_from_this<SandboxedPlugin> {
 public:
  struct Options {
    SandboxOptions sandbox;
    bool process_per_tenant = false;
    std::function<Sandbox::Hooks(const std::string& tenant)>
        hooks;  // of its processes; empty tenant: all tenants'. May be none
  };

  // Runs a process of each kind and starts the plugin there. Null if that fails; then why stands in `refused`.
  static std::shared_ptr<SandboxedPlugin> load(PluginSource source, Options options, telemetry::Logger& logger,
                                               std::vector<Refusal>& refused);
  ~SandboxedPlugin() override;

  [[nodiscard]] Isolation isolation() const override { return Isolation::process; }
  [[nodiscard]] std::string quarantine(const TenantId& tenant) const override;
  [[nodiscard]] std::unique_ptr<AdapterInstance> adapter(const Component& component, const Destination& destination,
                                                         std::vector<std::string> confidential) override;
  [[nodiscard]] std::unique_ptr<ProviderInstance> provider(const Component& component,
                                                           const std::string& config_json) override;
  // Kills the processes. Calls that wait are held, now and later.
  void stop();

  // For its adapters and providers.
  [[nodiscard]] std::uint32_t log_threshold() const;
  [[nodiscard]] bool sees_transport_faults(const Component& component) const;
  // The processes of a provider, which can reach so much; they are not run yet.
  [[nodiscard]] std::shared_ptr<SandboxLanes> lanes(const Component& component, const Reach& reach,
                                                    std::vector<std::string> places);

 private:
  SandboxedPlugin(PluginSource source, Options options, Descriptor image, telemetry::Logger& logger);

  [[nodiscard]] std::shared_ptr<Sandbox> make_sandbox(const std::string& tenant, std::string start) const;
  [[nodiscard]] std::string start_frame(const Reach& reach, const std::vector<const Component*>& components) const;
  [[nodiscard]] std::vector<const Component*> adapters() const;
  [[nodiscard]] bool try_out(std::vector<Refusal>& refused);
  // The one for a tenant's deliveries; it ends with the last who holds it.
  std::shared_ptr<Sandbox> sandbox_for(const TenantId& tenant);

  const Options options_;
  const Descriptor image_;
  telemetry::Logger& logger_;
  const std::shared_ptr<Sandbox> sandbox_;  // in which the plugin is started first; of all tenants, unless each has one
  std::uint64_t seers_ = 0;                 // CallEnd::flags of its start
  std::atomic<std::uint64_t> instances_{0};

  mutable Mutex mutex_;                                                           // guards what follows
  std::map<std::string, std::weak_ptr<Sandbox>> tenants_ OPI_GUARDED_BY(mutex_);  // those that are used
  std::vector<std::weak_ptr<SandboxLanes>> lanes_ OPI_GUARDED_BY(mutex_);
  bool stopped_ OPI_GUARDED_BY(mutex_) = false;
};

}  // namespace opi::plugins
