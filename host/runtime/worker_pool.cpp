#include "runtime/worker_pool.hpp"

#include <pthread.h>

namespace opi::runtime {

WorkerPool::WorkerPool(std::string name, std::size_t threads, telemetry::Logger& logger)
    : name_(std::move(name)), logger_(logger) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { loop(); });
    pthread_setname_np(threads_.back().native_handle(), name_.substr(0, 15).c_str());
  }
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void WorkerPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void WorkerPool::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    try {
      job();
    } catch (const std::exception& failure) {
      logger_.error("worker.failed", {{"pool", name_}, {"error", failure.what()}});
    }
    job = nullptr;  // what the job holds is released outside the lock
    lock.lock();
  }
}

}  // namespace opi::runtime
