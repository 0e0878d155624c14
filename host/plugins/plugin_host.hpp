#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "foundation/mutex.hpp"
#include "plugins/crash_history.hpp"
#include "plugins/discovery.hpp"
#include "plugins/image_store.hpp"
#include "plugins/loaded_plugin.hpp"
#include "plugins/probe.hpp"
#include "plugins/refusal.hpp"
#include "plugins/sandboxed_plugin.hpp"
#include "telemetry/logger.hpp"

namespace opi::plugins {

// Where plugins run. Automatic: in this process if they came with it, else in their own. Digests alone say so: an id is
// anybody's to choose, and a file of root's may be anybody's code.
enum class IsolationRule { automatic, process, in_process };

// Loads the plugins of a directory, stage by stage: discover, inspect, trust, probe, load, init. A file that is refused
// at one stage never reaches the next; the others go on. Nothing that a plugin file contains makes this throw.
// Each generation of a plugin is loaded from a copy of its own and never unloaded: who uses an old one goes on with it.
// Thread-safe; changes of the set wait for each other, readers do not wait for them.
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
    IsolationRule isolation = IsolationRule::in_process;
    std::vector<std::string> shipped_sha256;     // lower-case hex: of the plugins that came with the daemon
    std::vector<std::string> in_process_sha256;  // likewise: of those that run in this process whatever the rule
    bool process_per_tenant = false;             // of plugins in processes of their own
    SandboxOptions sandbox;
  };

  // Opens the state directory and judges what the last run left in its breadcrumbs.
  // Throws std::runtime_error if the state directory cannot be used or another daemon uses it.
  PluginHost(Options options, telemetry::Logger& logger);
  ~PluginHost();

  using Plugins = std::vector<std::shared_ptr<Plugin>>;
  // What load_directory() or reload_directory() made of the directory's files; unchanged ones are not among them.
  struct Change {
    Plugins loaded, retired;
    std::vector<Refusal> refused;
  };

  // What speaks against taking on a plugin that has started; may be none. It runs last, and does not throw.
  using Judge = std::function<std::vector<Refusal>(const std::shared_ptr<Plugin>& plugin)>;

  // Loads what the directory holds. Logs each result (plugin.loaded, plugin.refused, plugin.retired).
  Change load_directory(const Judge& judge = {});
  // The same once more: files that are new or changed are loaded in place of what came from them; a file that is
  // refused leaves what came from it where it is; a plugin whose file is gone is retired, unless the directory cannot
  // be read.
  Change reload_directory(const Judge& judge = {});
  // Loads one file as load_directory() would, beside what is loaded already.
  void load_file(const std::filesystem::path& file);

  [[nodiscard]] Plugins loaded() const;
  [[nodiscard]] std::vector<Refusal> refused() const;
  // Grows with every change of what is loaded.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  // Calls that the last run did not come back from; those with a signal were crashes and are in crashes() too.
  [[nodiscard]] const std::vector<LeftCall>& left_by_last_run() const { return breadcrumbs_->left_by_last_run(); }
  [[nodiscard]] std::vector<Crash> crashes() const { return crashes_->crashes(); }

  // The loaded plugin and component of this kind and id; {null, null} if there is none.
  struct Found {
    std::shared_ptr<Plugin> plugin;
    const Component* component = nullptr;
  };
  [[nodiscard]] Found find(ComponentKind kind, std::string_view component_id) const;

  // Ends the processes of plugins; calls that they have not answered are held. Those who called still exist.
  void stop();

  // For what is found wrong later, such as a provider's configuration.
  void add_refusal(Refusal refusal);

 private:
  // A load under way: what it has come to.
  struct Load {
    Plugins set;  // that the files are judged beside
    Change change;
  };
  bool load(Load& load, const Candidate& candidate, const Judge& judge);
  static void check_duplicates(const std::string& file, const Manifest& manifest, const Plugins& others,
                               std::vector<Refusal>& refused);
  void check_trust(const std::string& file, const Manifest& manifest, const std::string& sha256,
                   std::vector<Refusal>& refused) const;
  [[nodiscard]] Isolation isolation_of(const std::string& sha256) const;
  std::shared_ptr<Plugin> open(PluginSource source, Isolation isolation, std::vector<Refusal>& refused);
  bool take(Load& load, std::vector<Refusal>&& refused);
  void publish(Load&& load, bool anew = false);  // anew: earlier refusals are history

  Options options_;
  telemetry::Logger& logger_;
  ImageStore images_;
  std::shared_ptr<Breadcrumbs> breadcrumbs_;
  std::shared_ptr<CrashHistory> crashes_;
  Probe probe_;
  Mutex changing_;       // held throughout a load
  mutable Mutex mutex_;  // guards the set, never held while a plugin is called
  Plugins loaded_ OPI_GUARDED_BY(mutex_);
  std::vector<Refusal> refused_ OPI_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<SandboxedPlugin>> isolated_ OPI_GUARDED_BY(mutex_);  // of all generations
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace opi::plugins
