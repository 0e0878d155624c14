#include "runtime/worker_pool.hpp"

#include <pthread.h>

#include "foundation/mutex.hpp"

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
    const Lock lock(mutex_);
    if (stopping_) return;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void WorkerPool::stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void WorkerPool::loop() {
  Lock lock(mutex_);
  for (;;) {
    while (!stopping_ && jobs_.empty()) changed_.wait(lock);
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
