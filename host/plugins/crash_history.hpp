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
  std::string tenant;  // in whose call, or of whose process where each has its own; empty: the build's own
};

// Crashes of plugins, kept in <state>/crashes (JSON). Two of one build within ten minutes quarantine it, and two in one
// tenant's calls quarantine it for that tenant, until it is released or another build takes its place. Thread-safe.
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

  [[nodiscard]] bool is_quarantined(std::string_view plugin, std::string_view sha256,
                                    std::string_view tenant = {}) const;
  [[nodiscard]] std::vector<Crash> crashes() const;

 private:
  void keep_newest() OPI_REQUIRES(mutex_);
  void save() const OPI_REQUIRES(mutex_);

  const std::filesystem::path file_;
  mutable Mutex mutex_;                                // guards what follows
  std::vector<Crash> crashes_ OPI_GUARDED_BY(mutex_);  // by time
};

}  // namespace opi::plugins
