#pragma once
#include <chrono>

#include "domain/clock.hpp"

namespace opi {

// Keeps a receiver, or a store of secrets, from being asked in vain: after `failure_threshold` failures in a row
// nothing is asked for a while, then one probe decides. Waiting costs a delivery no attempt. Not thread-safe.
class CircuitBreaker {
 public:
  struct Options {
    int failure_threshold = 20;  // consecutive failures; 0 switches the breaker off
    std::chrono::milliseconds cooldown{5'000};
    double cooldown_factor = 2.0;
    std::chrono::milliseconds max_cooldown{300'000};
  };

  explicit CircuitBreaker(const Options& options) : options_(&options) {}

  // How many requests may be added to `in_flight` now, out of `wanted`.
  [[nodiscard]] int admit(int wanted, int in_flight, MonoTime now) const;
  [[nodiscard]] bool open(MonoTime now) const { return tripped_ && now < probe_at_; }
  [[nodiscard]] bool tripped() const { return tripped_; }
  // When an open breaker lets its probe through.
  [[nodiscard]] MonoTime probe_at() const { return probe_at_; }

  void succeeded();
  void failed(MonoTime now);
  // Opens it as whoever kept it before had it open: one probe goes at `probe_at`.
  void trip(MonoTime probe_at);

 private:
  const Options* options_;
  int failures_ = 0;
  bool tripped_ = false;
  std::chrono::milliseconds cooldown_{0};
  MonoTime probe_at_{};
};

}  // namespace opi
