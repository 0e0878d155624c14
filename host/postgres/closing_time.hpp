#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>

namespace opi::postgres {

// From when on nobody waits for the database any more, whatever his own deadline is: the end of a program that stops.
// Never, until it is told. Thread-safe; those who wait already are bound by it, too.
class ClosingTime {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void set(Time when) { at_ = when.time_since_epoch(); }
  [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() >= Time{at_.load()}; }
  [[nodiscard]] Time or_earlier(Time deadline) const { return std::min(deadline, Time{at_.load()}); }

 private:
  std::atomic<Time::duration> at_{Time::duration::max()};
};

}  // namespace opi::postgres
