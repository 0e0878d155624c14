#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <thread>

#include "foundation/mutex.hpp"
#include "plugins/sandbox_process.hpp"
#include "plugins/sandbox_session.hpp"
#include "telemetry/logger.hpp"

namespace opi::plugins {

struct SandboxOptions {
  std::filesystem::path program;  // opi-plugin-host
  // Of one call, from when the process has nothing else to do; it is killed if it does not answer by then.
  std::chrono::milliseconds call_deadline{1'000}, control_deadline{10'000};
  // Between two runs of a process that dies before it has answered anything: doubles.
  std::chrono::milliseconds first_backoff{100}, longest_backoff{30'000};
  std::size_t waiting_calls = 4096;                       // those beyond are held
  std::uint64_t memory_bytes = std::uint64_t{512} << 20;  // address space of the process
};

// A plugin's process, run again when it dies, and the queue of calls that are for it. What the process does wrong costs
// the call that it is in, and kills it; the other calls go to its successor. Thread-safe.
class Sandbox : public std::enable_shared_from_this<Sandbox> {
 public:
  struct Hooks {  // may be empty
    // The process died, in a call or between two, of a signal or of the host's. A reason: it is not to be run again.
    std::function<std::optional<std::string>(Phase phase, int signal)> died;
    // Why it is not to be run at all, as earlier deaths have it; empty: it may.
    std::function<std::string()> quarantined;
  };

  struct Plugin {
    std::string id, environment;
    std::uint16_t offered_minor = OPI_ABI_MINOR;
    std::string start;  // frame of the first call of each run
  };

  // Borrows the logger.
  Sandbox(SandboxOptions options, Plugin plugin, Descriptor image, Hooks hooks, telemetry::Logger& logger);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox();

  // Runs the process once the first call comes.
  void launch();
  // Runs the process now, for the first time. OPI_OK, with the plugin's flags, once it has started it; else why it
  // could not.
  CallEnd start();
  // `call.done` comes on the sandbox's own thread, or at once if the call is held.
  void submit(SandboxCall call);
  // Has the next call be made in a process anew, once the one that runs has none.
  void renew();
  // Kills the process. Calls that wait are held, now and later. To be called before the last user lets go.
  void stop();
  // Why the process is not run any more; empty: it is.
  [[nodiscard]] std::string quarantine() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Run;  // a process with its session

  void loop();
  bool take_submitted();
  void renew_if_asked();
  void run_process();
  void feed();
  void exchange();
  void receive_all();
  void answer_listener();
  std::size_t receive();
  void send();
  void started(const CallEnd& end);
  void report_start(const CallEnd& end);
  void back_off(const std::string& why);
  void count(SandboxCall& call) OPI_REQUIRES(mutex_);
  void end_run(const std::string& why, opi_status status);
  static void give_back(std::deque<SandboxCall> calls, const std::string& why);
  [[nodiscard]] std::optional<Clock::time_point> wake_at() const;
  void wake() const;

  const SandboxOptions options_;
  const Plugin plugin_;
  const Descriptor image_;
  const Hooks hooks_;
  telemetry::Logger& logger_;
  const HostServices services_;
  const Descriptor wakeup_;

  // Of the thread.
  std::unique_ptr<Run> run_;
  std::deque<SandboxCall> waiting_;
  std::map<std::uint64_t, std::string> refused_;
  Clock::time_point next_run_{};
  std::chrono::milliseconds backoff_{0};

  mutable Mutex mutex_;  // guards what follows
  Condition changed_;
  std::deque<SandboxCall> submitted_ OPI_GUARDED_BY(mutex_);
  std::thread thread_ OPI_GUARDED_BY(mutex_);
  std::size_t unanswered_ OPI_GUARDED_BY(mutex_) = 0;
  bool wanted_ OPI_GUARDED_BY(mutex_) = false;
  bool stopping_ OPI_GUARDED_BY(mutex_) = false;
  bool renew_ OPI_GUARDED_BY(mutex_) = false;
  std::optional<CallEnd> start_result_ OPI_GUARDED_BY(mutex_);
  std::string held_ OPI_GUARDED_BY(mutex_);  // why every call is held; empty: none is
};

}  // namespace opi::plugins
