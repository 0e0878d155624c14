#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "foundation/mutex.hpp"
#include "telemetry/logger.hpp"

namespace opi::runtime {

// The one place that loops and sleeps: runs a service's run_once() on a thread of its own until stopped.
class PeriodicService {
 public:
  // `run_once` returns how long to wait before the next run; zero means at once. An exception is logged with
  // the service's name, and the next run follows after `after_failure`.
  using RunOnce = std::function<std::chrono::milliseconds()>;
  PeriodicService(std::string name, RunOnce run_once, telemetry::Logger& logger,
                  std::chrono::milliseconds after_failure = std::chrono::seconds{1});
  ~PeriodicService();  // stops
  PeriodicService(const PeriodicService&) = delete;
  PeriodicService& operator=(const PeriodicService&) = delete;

  void start();
  // Ends the current wait early. Thread-safe; cheap if the service is running already.
  void wake();
  // Begins no further run; waits for nothing. Of several services each is asked before any is waited for, so that their
  // last runs go on side by side.
  void request_stop();
  // Requests it, and returns when the thread has ended; a run under way is finished first. Idempotent.
  void stop();

 private:
  void loop();

  const std::string name_;
  const RunOnce run_once_;
  telemetry::Logger& logger_;
  const std::chrono::milliseconds after_failure_;
  Mutex mutex_;
  Condition changed_;
  bool awake_ OPI_GUARDED_BY(mutex_) = false;
  bool stopping_ OPI_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace opi::runtime
