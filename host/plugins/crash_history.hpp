#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "plugins/breadcrumbs.hpp"

namespace opi::plugins {

struct Crash {
  std::string plugin;
  std::string sha256;  // of the build that crashed: another build starts with a clean record
  std::string phase;
  int signal = 0;
  UnixTime at{};
  std::string tenant;      // in whose call, or of whose process where each has its own; empty: the build's own
  std::string what;        // "the plugin's process died (SIGSEGV)"; empty: it was the daemon
  bool forbidden = false;  // for a system call that no plugin may make
};

// Crashes of plugins, kept in <state>/crashes (JSON), and the quarantine that follows from them, until the plugin is
// released or another build takes its place:
// - Two within ten minutes in one tenant's calls quarantine the build for that tenant: what it dies of may be that
//   tenant's data. Two that were in nobody's quarantine it for all.
// - One forbidden system call quarantines it for all, in whosever call it was. No data brings a sound build to that: it
//   is the code that tried, by intent or because somebody else has come to command it, and it may try again with
//   another tenant's deliveries in its memory. A second one would tell no more than the first.
// Thread-safe.
class CrashHistory {
 public:
  static constexpr std::size_t max_crashes = 256;
  static constexpr std::chrono::minutes window{10};

  // Reads the file; a missing one is an empty history, an unreadable one is set aside as <file>.damaged.
  explicit CrashHistory(std::filesystem::path file);

  // Records those of the left calls that crashed. Throws std::runtime_error if the file cannot be written.
  void record(const std::vector<LeftCall>& left);
  // The same for one that happened now, in a process of the plugin's own.
  void record(Crash crash);
  // Forgets the crashes of a plugin, so that it is loaded again. False: there were none.
  bool release(std::string_view plugin);

  // Why the build is not to be run for this tenant or, if that is empty, at all; empty: it may be.
  [[nodiscard]] std::string quarantine(std::string_view plugin, std::string_view sha256,
                                       std::string_view tenant = {}) const;
  [[nodiscard]] std::vector<Crash> crashes() const;

 private:
  void keep_newest() OPI_REQUIRES(mutex_);
  // Whoever asks does not wait for the file.
  void save(const std::vector<Crash>& crashes) const OPI_REQUIRES(changing_);

  const std::filesystem::path file_;
  Mutex changing_;                                     // held throughout a change
  mutable Mutex mutex_;                                // guards what follows
  std::vector<Crash> crashes_ OPI_GUARDED_BY(mutex_);  // by time
};

}  // namespace opi::plugins
