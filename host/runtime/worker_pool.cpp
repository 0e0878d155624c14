#include "runtime/worker_pool.hpp"

#include <pthread.h>

#include <thread>
#include <utility>

namespace opi::runtime {

WorkerPool::WorkerPool(std::string name, std::size_t most_threads, telemetry::Logger& logger)
    : name_(std::move(name)), most_threads_(most_threads), shared_(std::make_shared<Shared>(logger)) {}

WorkerPool::~WorkerPool() { stop(std::chrono::milliseconds{0}); }

void WorkerPool::submit(std::function<void()> blocking, After after) {
  const Lock lock(shared_->mutex);
  if (shared_->stopping) return;
  shared_->jobs.push_back({std::move(blocking), std::move(after)});
  if (shared_->idle >= shared_->jobs.size() || shared_->threads >= most_threads_) {
    shared_->changed.notify_all();
    return;
  }
  try {
    std::thread([shared = shared_, name = name_] { loop(shared, name); }).detach();  // stop() waits by the count
  } catch (...) {
    shared_->jobs.pop_back();
    throw;
  }
  ++shared_->threads;
}

std::size_t WorkerPool::stop(std::chrono::milliseconds patience) {
  std::deque<Job> dropped;
  Lock lock(shared_->mutex);
  shared_->stopping = true;
  dropped.swap(shared_->jobs);
  shared_->changed.notify_all();
  lock.unlock();  // what the jobs hold is released outside the lock
  dropped.clear();
  lock.lock();
  const auto until = std::chrono::steady_clock::now() + patience;
  while (shared_->blocked > 0 && !shared_->left)
    if (!shared_->changed.wait_until(lock, until)) break;
  shared_->left = true;
  while (shared_->threads > shared_->blocked) shared_->changed.wait(lock);
  const auto left = shared_->blocked;
  lock.unlock();
  return left;
}

void WorkerPool::loop(const std::shared_ptr<Shared>& shared, const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  Lock lock(shared->mutex);
  for (;;) {
    ++shared->idle;
    while (!shared->stopping && shared->jobs.empty()) shared->changed.wait(lock);
    --shared->idle;
    if (shared->stopping) break;
    auto job = std::move(shared->jobs.front());
    shared->jobs.pop_front();
    ++shared->blocked;
    lock.unlock();
    run(*shared, std::move(job), name);
    lock.lock();
  }
  --shared->threads;
  shared->changed.notify_all();
}

void WorkerPool::run(Shared& shared, Job job, const std::string& name) {
  std::exception_ptr failure;
  try {
    job.blocking();
  } catch (...) {
    failure = std::current_exception();
  }
  {
    const Lock lock(shared.mutex);
    --shared.blocked;
    shared.changed.notify_all();
    if (shared.left) return;
  }
  if (failure) report(shared, name, failure);
  try {
    job.after(failure);
  } catch (...) {
    report(shared, name, std::current_exception());
  }
}

void WorkerPool::report(Shared& shared, const std::string& name, const std::exception_ptr& failure) noexcept {
  try {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& known) {
      shared.logger.error("worker.failed", {{"pool", name}, {"error", std::string(known.what())}});
    } catch (...) {
      shared.logger.error("worker.failed", {{"pool", name}, {"error", "an exception of no known kind"}});
    }
  } catch (...) {
    // There is not even the memory to log it.
  }
}

}  // namespace opi::runtime
