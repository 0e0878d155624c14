#pragma once
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "foundation/mutex.hpp"
#include "telemetry/logger.hpp"

namespace opi::runtime {

// A few threads for work that blocks, such as secret providers. Jobs run in order of submission.
class WorkerPool {
 public:
  WorkerPool(std::string name, std::size_t threads, telemetry::Logger& logger);
  ~WorkerPool();  // stops
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Thread-safe. Jobs submitted after stop() are dropped.
  void submit(std::function<void()> job);
  // Finishes the jobs under way, drops those waiting. Idempotent.
  void stop();

 private:
  void loop();

  const std::string name_;
  telemetry::Logger& logger_;
  Mutex mutex_;
  Condition changed_;
  std::deque<std::function<void()>> jobs_ OPI_GUARDED_BY(mutex_);
  bool stopping_ OPI_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace opi::runtime
