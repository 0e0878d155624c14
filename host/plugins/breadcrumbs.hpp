#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clock.hpp"

namespace opi::plugins {

// What a plugin is called for, as a breadcrumb says.
enum class Phase : std::uint32_t {
  load = 1,
  init,
  create,
  destroy,
  render,
  interpret,
  check_reference,
  resolve,
  shutdown,
  idle  // no call: only a plugin's own process can end in it
};
std::string_view to_string(Phase phase);

// A call that had not come back when the last run ended.
struct LeftCall {
  std::string plugin;  // id
  std::string sha256;  // of its file, in hex
  Phase phase{};
  std::optional<int> fatal_signal;  // set if this very thread got it: the plugin crashed, or called what crashed
  UnixTime at{};                    // of the signal
};

// Which plugin each thread is in, in a shared mapping of <state>/breadcrumbs, so that after a crash the next start
// knows the culprit. Costs two stores a call. The file is locked: one daemon a state directory. Thread-safe.
class Breadcrumbs {
 public:
  static constexpr std::size_t max_plugins = 128, max_threads = 1024;

  // Takes what the last run left, and starts afresh. Throws std::runtime_error if the file cannot be used or another
  // process has it.
  explicit Breadcrumbs(const std::filesystem::path& file);
  // Unlocks the file at once; threads that still hold their slots keep only the memory.
  ~Breadcrumbs();
  Breadcrumbs(const Breadcrumbs&) = delete;
  Breadcrumbs& operator=(const Breadcrumbs&) = delete;

  [[nodiscard]] const std::vector<LeftCall>& left_by_last_run() const { return left_; }

  // A number for a plugin, for the marks of this run; nullopt beyond max_plugins.
  std::optional<std::uint32_t> enrol(std::string_view plugin_id, std::string_view sha256_hex);

  // Marks a call of this thread for as long as it lives.
  class Scope {
   public:
    Scope(Breadcrumbs& breadcrumbs, std::optional<std::uint32_t> plugin, Phase phase);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    std::atomic<std::uint32_t>* word_ = nullptr;
    std::uint32_t before_ = 0;
  };

  struct Mapping;

 private:
  std::shared_ptr<Mapping> mapping_;
  std::vector<LeftCall> left_;
};

// For the daemon's handler of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT: notes the signal beside this thread's
// breadcrumb. Without a note an unfinished call counts for nothing: a SIGKILL leaves such calls as well.
// Async-signal-safe.
void note_fatal_signal(int signal) noexcept;

// Installs a handler for those signals that calls note_fatal_signal() and then lets the signal take its course.
void install_fatal_signal_notes();

}  // namespace opi::plugins
