#pragma once
#include <map>
#include <memory>
#include <string>

#include "foundation/mutex.hpp"
#include "plugins/provider_instance.hpp"
#include "plugins/sandbox_lanes.hpp"
#include "plugins/sandboxed_plugin.hpp"

namespace opi::plugins {

// A secret provider of a plugin in processes of its own, which can reach what its manifest declares. Each has an
// instance of it; values go from there straight into this process's memory of secrets.
class SandboxedProvider final : public ProviderInstance {
 public:
  static constexpr std::chrono::milliseconds longest{60'000};  // of a resolve(), whatever its deadline
  static constexpr std::chrono::milliseconds grace{500};       // after the deadline, until its process is killed
  static constexpr std::size_t max_verdicts = 4096;            // on references, that are remembered

  // Throws std::runtime_error with the plugin's reason if it cannot be started or refuses the configuration.
  SandboxedProvider(std::shared_ptr<SandboxedPlugin> plugin, const Component& component,
                    const std::string& config_json);
  ~SandboxedProvider() override;

  [[nodiscard]] CallEnd check_reference(const opi_secret_query& query) override;
  [[nodiscard]] secrets::ResolveResult resolve(const opi_secret_query& query) override;

 private:
  [[nodiscard]] std::string frame(FrameKind kind, const opi_secret_query& query) const;

  std::shared_ptr<SandboxedPlugin> plugin_;
  std::shared_ptr<const SandboxInstance> instance_;
  std::shared_ptr<SandboxLanes> lanes_;
  Mutex mutex_;
  std::map<std::string, CallEnd> verdicts_ OPI_GUARDED_BY(mutex_);  // of check_ref(), which is pure
};

}  // namespace opi::plugins
