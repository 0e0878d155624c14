#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace opi::runtime {

// Counts what happens on other threads; tests wait for a count, never for a time.
class Tally {
 public:
  void add() {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    changed_.notify_all();
  }
  // False if the count is not reached within the deadline that keeps a broken test from hanging.
  [[nodiscard]] bool reaches(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return count_ >= count; });
  }
  [[nodiscard]] int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

}  // namespace opi::runtime
