#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "plugins/plugin_adapter.hpp"
#include "plugins/plugin_host.hpp"
#include "temporary_folder.hpp"

namespace opi::tool {

// A plugin on the bench: loaded by the daemon's own stages, with a state directory of its own. For one thread, but for
// what it hands out.
class PluginBench {
 public:
  // Throws Failure with all that the daemon has against the file.
  PluginBench(const std::filesystem::path& file, telemetry::Logger& logger,
              plugins::Isolation isolation = plugins::Isolation::in_process);

  // All that the daemon has against a file; empty: it would load it. Throws Failure if there is no such file.
  static std::vector<plugins::Refusal> refusals(const std::filesystem::path& file, telemetry::Logger& logger);

  [[nodiscard]] const plugins::Manifest& manifest() const { return plugin_->manifest(); }
  [[nodiscard]] const std::shared_ptr<plugins::Plugin>& plugin() const { return plugin_; }
  // The adapter component of this id; of an empty one: the only adapter. Throws Failure that lists what there is.
  [[nodiscard]] const plugins::Component& adapter_component(const std::string& id) const;
  // Throws Failure if the schema or the plugin refuses the destination's configuration.
  [[nodiscard]] std::unique_ptr<plugins::PluginAdapter> adapter(const plugins::Component& component,
                                                                const Destination& destination) const;

 private:
  // Without a word on whether the file was loaded.
  struct Loading {
    TemporaryFolder state;
    std::unique_ptr<plugins::PluginHost> host;
    Loading(const std::filesystem::path& file, telemetry::Logger& logger, plugins::Isolation isolation);
  };

  Loading loading_;
  std::shared_ptr<plugins::Plugin> plugin_;
};

// opi-plugin-probe or opi-plugin-host: beside this program in a build tree, in the SDK's libexec when installed.
std::filesystem::path program_named(const std::string& name);

// An environment that every component of the plugin is for; the manifest need not be valid.
std::string environment_for(const std::filesystem::path& plugin);

}  // namespace opi::tool
