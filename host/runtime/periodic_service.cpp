#include "runtime/periodic_service.hpp"

#include <pthread.h>

#include "foundation/mutex.hpp"

namespace opi::runtime {

PeriodicService::PeriodicService(std::string name, RunOnce run_once, telemetry::Logger& logger,
                                 std::chrono::milliseconds after_failure)
    : name_(std::move(name)), run_once_(std::move(run_once)), logger_(logger), after_failure_(after_failure) {}

PeriodicService::~PeriodicService() { stop(); }

void PeriodicService::start() {
  thread_ = std::thread([this] { loop(); });
  pthread_setname_np(thread_.native_handle(), name_.substr(0, 15).c_str());
}

void PeriodicService::wake() {
  {
    const Lock lock(mutex_);
    if (awake_) return;
    awake_ = true;
  }
  changed_.notify_one();
}

void PeriodicService::request_stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
}

void PeriodicService::stop() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

void PeriodicService::loop() {
  Lock lock(mutex_);
  while (!stopping_) {
    awake_ = false;
    lock.unlock();
    std::chrono::milliseconds wait{};
    try {
      wait = run_once_();
    } catch (const std::exception& failure) {
      // Set here, not before: g++ 12.2 at -O1 and above drops a value that the throwing call would have replaced.
      wait = after_failure_;
      logger_.error("service.failed", {{"service", name_}, {"error", failure.what()}});
    } catch (...) {
      wait = after_failure_;
      logger_.error("service.failed", {{"service", name_}, {"error", "an exception of no known kind"}});
    }
    lock.lock();
    const auto until = std::chrono::steady_clock::now() + wait;
    while (!awake_ && !stopping_)
      if (!changed_.wait_until(lock, until)) break;
  }
}

}  // namespace opi::runtime
