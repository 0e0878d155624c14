#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <thread>
#include <unordered_map>

#include "foundation/fair_queue.hpp"
#include "foundation/mutex.hpp"
#include "foundation/used_time.hpp"
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
  std::size_t waiting_calls = 4096;  // tenants share these (TenantShares); those beyond are held
  // A tenant whose calls take longer has one at a time with the process.
  std::chrono::milliseconds quick_call{10};
  std::uint64_t memory_bytes = std::uint64_t{512} << 20;  // address space of the process
};

// A plugin's process, run again when it dies, and the queue of calls that are for it. What the process does wrong costs
// the call that it is in, and kills it; the other calls go to its successor. Tenants share what the process is given at
// a time by the rule of TenantShares, and its time in equal parts. Thread-safe.
class Sandbox : public std::enable_shared_from_this<Sandbox> {
 public:
  struct Death {
    Phase phase{};
    int signal = 0;          // 0: it exited, or the host ended it
    TenantId tenant;         // in whose call; empty: in nobody's
    std::string what;        // for people
    bool forbidden = false;  // for a system call that no plugin may make
  };
  struct Hooks {  // may be empty
    std::function<void(const Death& death)> died;
    // Why it is not to be run, for this tenant or, if that is empty, at all; empty: it may. Asked before each call.
    std::function<std::string(const TenantId& tenant)> quarantined;
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
  // Why the process is not run any more, at all or for this tenant; empty: it is.
  [[nodiscard]] std::string quarantine(const TenantId& tenant) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Run;  // a process with its session

  void loop();
  void take_turn();
  void recover(const char* what) noexcept;
  void end() noexcept;
  bool take_submitted();
  void renew_if_asked();
  void run_process();
  void feed();
  [[nodiscard]] bool may_be_given(const TenantId& tenant) const;
  void account(const TenantId& tenant, Clock::duration took);
  void exchange();
  void receive_all();
  void answer_listener();
  std::size_t receive();
  void send();
  void started(const CallEnd& end);
  void report_start(const CallEnd& end);
  void back_off(const std::string& why);
  void count(SandboxCall& call) OPI_REQUIRES(mutex_);
  void end_run(const std::string& why, opi_status status, bool forbidden = false);
  void take_back(std::deque<SandboxCall> calls);
  void give_back(const std::string& why);
  [[nodiscard]] std::string hold_of(const TenantId& tenant) const OPI_REQUIRES(mutex_);
  [[nodiscard]] std::optional<Clock::time_point> wake_at() const;
  void wake() const;

  const SandboxOptions options_;
  const Plugin plugin_;
  const Descriptor image_;
  const Hooks hooks_;
  telemetry::Logger& logger_;
  const HostServices services_;
  const Descriptor wakeup_;

  mutable Mutex mutex_;  // guards what says so
  TenantShares<TenantId> unanswered_ OPI_GUARDED_BY(mutex_);

  // Of the thread.
  TenantShares<TenantId> given_{SandboxSession::max_calls};  // to the process, at a time
  std::unordered_map<TenantId, std::size_t> windows_;        // of these, by how quick a tenant's calls were
  UsedTime<TenantId> used_;                                  // of the process
  std::unique_ptr<Run> run_;
  FairQueue<TenantId, SandboxCall> waiting_;
  std::map<std::uint64_t, std::string> refused_;
  Clock::time_point next_run_{};
  std::chrono::milliseconds backoff_{0};

  Condition changed_;
  std::deque<SandboxCall> submitted_ OPI_GUARDED_BY(mutex_);
  std::thread thread_ OPI_GUARDED_BY(mutex_);
  bool wanted_ OPI_GUARDED_BY(mutex_) = false;
  bool stopping_ OPI_GUARDED_BY(mutex_) = false;
  bool renew_ OPI_GUARDED_BY(mutex_) = false;
  std::optional<CallEnd> start_result_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::plugins
