#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "domain/destination.hpp"
#include "plugins/adapter_instance.hpp"
#include "plugins/manifest.hpp"
#include "plugins/provider_instance.hpp"
#include "plugins/refusal.hpp"

namespace opi::plugins {

enum class Isolation { in_process, process };
std::string_view to_string(Isolation isolation);

// What is to be loaded, and for which host.
struct PluginSource {
  std::string file;             // in the plugin directory, for messages
  std::filesystem::path image;  // what is loaded
  std::string sha256;           // hex
  Manifest manifest;
  std::string environment;
  std::string host_version;
  std::uint16_t offered_minor = OPI_ABI_MINOR;
};

// A plugin that is loaded and started, in this process or in one of its own. Thread-safe.
class Plugin {
 public:
  explicit Plugin(PluginSource source) : source_(std::move(source)) {}
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  virtual ~Plugin() = default;

  [[nodiscard]] const Manifest& manifest() const { return source_.manifest; }
  [[nodiscard]] const std::string& file() const { return source_.file; }
  [[nodiscard]] const std::string& sha256() const { return source_.sha256; }

  [[nodiscard]] virtual Isolation isolation() const = 0;
  // Why the plugin must not be called any more for this tenant; empty: it may.
  [[nodiscard]] virtual std::string quarantine(const TenantId& tenant) const = 0;
  // One of its adapter components for a destination. `confidential` is what its log must not repeat. Throws
  // std::runtime_error with the plugin's reason if it refuses the configuration at once; one in a process of its own
  // is made with its first call, which is held with that reason.
  [[nodiscard]] virtual std::unique_ptr<AdapterInstance> adapter(const Component& component,
                                                                 const Destination& destination,
                                                                 std::vector<std::string> confidential) = 0;
  // One of its secret providers. Throws std::runtime_error with the plugin's reason if it refuses the configuration.
  [[nodiscard]] virtual std::unique_ptr<ProviderInstance> provider(const Component& component,
                                                                   const std::string& config_json) = 0;

 protected:
  [[nodiscard]] const PluginSource& source() const { return source_; }
  // What speaks against the plugin before any of its code runs.
  [[nodiscard]] std::vector<Refusal> environment_faults() const;

 private:
  PluginSource source_;
};

}  // namespace opi::plugins
