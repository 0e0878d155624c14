#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/crash_history.hpp"
#include "plugins/discovery.hpp"
#include "plugins/image_store.hpp"
#include "plugins/loaded_plugin.hpp"
#include "plugins/probe.hpp"
#include "plugins/refusal.hpp"
#include "telemetry/logger.hpp"

namespace opi::plugins {

// Loads the plugins of a directory, stage by stage: discover, inspect, trust, probe, load, init. A file that is refused
// at one stage never reaches the next; the others go on. Nothing that a plugin file contains makes this throw.
// load_directory() is for one thread at start; afterwards everything is read-only and thread-safe.
class PluginHost {
 public:
  struct Options {
    std::filesystem::path directory;         // of plugins; absolute
    std::filesystem::path state_directory;   // the daemon's own; absolute
    std::string environment = "production";  // local | dev | test | production
    std::string host_version;
    Probe::Options probe;
    std::vector<std::string> pinned_sha256;  // lower-case hex; empty: any file that passes the other stages is trusted
    std::uint16_t offered_minor = OPI_ABI_MINOR;  // tests alone lower it, to be a host of the past
    std::vector<std::string> release;             // ids of plugins whose quarantine is lifted
  };

  // Opens the state directory and judges what the last run left in its breadcrumbs.
  // Throws std::runtime_error if the state directory cannot be used or another daemon uses it.
  PluginHost(Options options, telemetry::Logger& logger);
  ~PluginHost();

  // Loads what the directory holds; call once. Logs each result (plugin.loaded, plugin.refused).
  void load_directory();
  // Loads one file as load_directory() would, beside what is loaded already.
  void load_file(const std::filesystem::path& file);

  [[nodiscard]] const std::vector<std::shared_ptr<LoadedPlugin>>& loaded() const { return loaded_; }
  [[nodiscard]] const std::vector<Refusal>& refused() const { return refused_; }
  // Calls that the last run did not come back from; those with a signal were crashes and are in crashes() too.
  [[nodiscard]] const std::vector<LeftCall>& left_by_last_run() const { return breadcrumbs_->left_by_last_run(); }
  [[nodiscard]] const std::vector<Crash>& crashes() const { return crashes_.crashes(); }

  // The loaded plugin and component of this kind and id; {null, null} if there is none.
  struct Found {
    std::shared_ptr<LoadedPlugin> plugin;
    const Component* component = nullptr;
  };
  [[nodiscard]] Found find(ComponentKind kind, std::string_view component_id) const;

  // For what is found wrong later, such as a provider's configuration.
  void add_refusal(Refusal refusal);

 private:
  void load(Discovery&& found);
  void load(const Candidate& candidate);
  [[nodiscard]] Manifest inspect(const Candidate& candidate, std::vector<Refusal>& refused) const;
  void check_duplicates(const std::string& file, const Manifest& manifest, std::vector<Refusal>& refused) const;
  void check_trust(const std::string& file, const Manifest& manifest, const std::string& sha256,
                   std::vector<Refusal>& refused) const;
  bool take(std::vector<Refusal>&& refused);

  Options options_;
  telemetry::Logger& logger_;
  ImageStore images_;
  std::shared_ptr<Breadcrumbs> breadcrumbs_;
  CrashHistory crashes_;
  Probe probe_;
  std::vector<std::shared_ptr<LoadedPlugin>> loaded_;
  std::vector<Refusal> refused_;
};

}  // namespace opi::plugins
