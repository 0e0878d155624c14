#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "check/guarded_memory.hpp"
#include "plugins/exchange_views.hpp"
#include "plugins/loaded_plugin.hpp"
#include "plugins/sandboxed_plugin.hpp"
#include "sample_delivery.hpp"

namespace opi::tool {

// The file that is checked, and how.
struct Subject {
  std::filesystem::path file;     // canonical
  std::filesystem::path scratch;  // a folder for what the loader writes
  std::string bytes, sha256, manifest;
  std::uint64_t seed = 1, cases = 2000;
  bool isolated_too = true;  // whether calls are made in a process of the plugin's own as well, and must agree
  std::string config, reference, tenant;  // of a secret provider, and a secret that it has; empty: the manifest's
};

// The plugin, opened in this process without rehearsal. Lives until the process ends.
class Specimen {
 public:
  // Throws Failure with what the loader has against it.
  Specimen(const Subject& subject, telemetry::Logger& logger);
  [[nodiscard]] const plugins::LoadedPlugin& plugin() const { return *plugin_; }
  // Starts the plugin in a process of its own as well. Throws Failure.
  void isolate(const Subject& subject, telemetry::Logger& logger);
  // Null if it was not.
  [[nodiscard]] plugins::SandboxedPlugin* isolated() const { return isolated_.get(); }
  // In a process of its own if it is there.
  [[nodiscard]] std::shared_ptr<plugins::Plugin> outermost() const {
    return isolated_ ? std::shared_ptr<plugins::Plugin>(isolated_) : plugin_;
  }

 private:
  std::shared_ptr<plugins::LoadedPlugin> plugin_;
  std::shared_ptr<plugins::SandboxedPlugin> isolated_;
};

// What a call came back with.
struct Rendered {
  opi_status status = OPI_OK;
  std::string error;
  delivery::Rendering rendering;
  std::string disagreement;  // with the same call in a process of the plugin's own
};
struct Interpreted {
  opi_status status = OPI_OK;
  std::string error;
  std::optional<Outcome> outcome;  // none: then why
  std::string fault;
  std::string disagreement;
};

// An instance of one of the plugin's components, called as the host would but with nothing forgiven: what the plugin
// reads ends where memory ends.
class Instance {
 public:
  Instance(const Specimen& specimen, const plugins::Component& component, const Destination& destination,
           std::uint32_t flags = 0);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  [[nodiscard]] opi_status status() const { return status_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] const std::string& disagreement() const { return disagreement_; }  // of create(), as of Rendered
  [[nodiscard]] const plugins::Component& component() const { return component_; }
  [[nodiscard]] bool sees_faults() const;

  [[nodiscard]] Rendered render(const opi_delivery& delivery, const Destination& destination,
                                const secrets::SecretSet& secrets) const;
  [[nodiscard]] Interpreted interpret(const opi_delivery& delivery, const opi_response& response) const;

 private:
  [[nodiscard]] const opi_http_adapter_v1& table() const;

  const plugins::LoadedPlugin& plugin_;
  const plugins::Component& component_;
  std::unique_ptr<plugins::AdapterInstance> twin_;  // the same in a process of the plugin's own; may be null
  void* instance_ = nullptr;
  opi_status status_ = OPI_OK;
  std::string error_, disagreement_;
};

// The ABI's structs in guarded memory, with all that they point to. `size` is the struct's: smaller for an older host,
// larger for a newer one.
const opi_delivery& guarded(GuardedMemory& memory, const opi_delivery& delivery,
                            std::size_t size = sizeof(opi_delivery));
const opi_response& guarded(GuardedMemory& memory, const opi_response& response,
                            std::size_t size = sizeof(opi_response));

// "OPI_E_INVALID (-2)"; of a number that is no status: the number and "no status of the ABI".
std::string status_name(opi_status status);
bool is_status(opi_status status);

}  // namespace opi::tool
