#pragma once
#include <atomic>
#include <chrono>
#include <list>
#include <mutex>

namespace opi::api {

// Shuts sockets down whose deadline has passed, so that a thread that waits for them goes on. Thread-safe.
class DeadlineWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

 private:
  struct Entry {
    int socket;
    int direction;
    TimePoint deadline;
    std::atomic<bool> passed = false;
  };

 public:
  // Watches until it is destroyed, which must be before the socket is closed.
  class Guard {
   public:
    // `direction`: of shutdown(2).
    Guard(DeadlineWatch& watch, int socket, int direction, std::chrono::milliseconds timeout);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    [[nodiscard]] bool passed() const { return entry_->passed; }

   private:
    DeadlineWatch& watch_;
    std::list<Entry>::iterator entry_;
  };

  // To be called often: deadlines are met as exactly as that.
  void run_once(TimePoint now);

 private:
  std::mutex mutex_;
  std::list<Entry> entries_;
};

}  // namespace opi::api
