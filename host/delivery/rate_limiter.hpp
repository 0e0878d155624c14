#pragma once
#include "domain/clock.hpp"

namespace opi::delivery {

// A bucket of tokens that refills evenly; holds one second's worth, at least one. Not thread-safe.
class RateLimiter {
 public:
  // `per_second` 0 means no limit.
  void set_rate(double per_second);
  // As if this second's tokens had just been used up.
  void start_empty(MonoTime now);
  [[nodiscard]] int available(int wanted, MonoTime now);
  void take(int count) { tokens_ -= count; }
  void give_back(int count);
  // When the next token is there; `now` if one is.
  [[nodiscard]] MonoTime next_token_at(MonoTime now) const;

 private:
  void refill(MonoTime now);

  double per_second_ = 0, tokens_ = 0;
  MonoTime refilled_at_{};
};

}  // namespace opi::delivery
