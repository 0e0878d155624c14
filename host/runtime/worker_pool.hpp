#pragma once
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "foundation/mutex.hpp"
#include "telemetry/logger.hpp"

namespace opi::runtime {

// Threads for work that blocks, such as secret providers: as many as there are jobs at a time, up to a limit. Jobs
// begin in order of submission.
class WorkerPool {
 public:
  WorkerPool(std::string name, std::size_t most_threads, telemetry::Logger& logger);
  ~WorkerPool();  // stops, without patience
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // What `blocking` threw; null: it returned.
  using After = std::function<void(const std::exception_ptr& failure)>;

  // Runs `blocking` and then, whatever became of it, `after`, on a thread of the pool. `blocking` owns what it touches,
  // for stop() may leave it behind; `after` never runs once stop() has returned. What they throw is logged.
  // Thread-safe. Jobs submitted after stop() are dropped. Throws std::system_error if there is no thread to be had.
  void submit(std::function<void()> blocking, After after);
  // Drops the jobs that wait, and waits for those under way: so long for what blocks, and then leaves that behind, to
  // end by itself or with the program. How many it has left. Idempotent.
  std::size_t stop(std::chrono::milliseconds patience);

 private:
  struct Job {
    std::function<void()> blocking;
    After after;
  };
  // Outlives the pool with the threads that are left behind.
  struct Shared {
    explicit Shared(telemetry::Logger& to) : logger(to) {}
    telemetry::Logger& logger;  // not for those that are left behind
    Mutex mutex;
    Condition changed;
    std::deque<Job> jobs OPI_GUARDED_BY(mutex);
    std::size_t threads OPI_GUARDED_BY(mutex) = 0, idle OPI_GUARDED_BY(mutex) = 0, blocked OPI_GUARDED_BY(mutex) = 0;
    bool stopping OPI_GUARDED_BY(mutex) = false;
    bool left OPI_GUARDED_BY(mutex) = false;  // whoever is still blocked is on his own
  };
  static void loop(const std::shared_ptr<Shared>& shared, const std::string& name);
  static void run(Shared& shared, Job job, const std::string& name) OPI_EXCLUDES(shared.mutex);
  static void report(Shared& shared, const std::string& name, const std::exception_ptr& failure) noexcept;

  const std::string name_;
  const std::size_t most_threads_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace opi::runtime
