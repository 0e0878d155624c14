#pragma once
#include <algorithm>

#include "domain/clock.hpp"

namespace opi::delivery {

// A bucket of tokens that refills evenly; holds one second's worth, at least one. What is taken keeps its room until it
// is spent: while a claim takes long, no second bucket runs full beside what that claim will send. Not thread-safe.
class RateLimiter {
 public:
  // `per_second` 0 means no limit. What was used up of one limit is not there again by another one.
  void set_rate(double per_second);
  // As if this second's tokens had just been used up. What is taken now is not given back.
  void start_empty(MonoTime now);
  [[nodiscard]] int available(int wanted, MonoTime now);
  void take(int count);
  // What becomes of what was taken: it is used now, or was not.
  void spend(int count, MonoTime now);
  void give_back(int count);
  // When the next token is there; `now` if one is.
  [[nodiscard]] MonoTime next_token_at(MonoTime now) const;

 private:
  [[nodiscard]] double holds() const { return std::max(1.0, per_second_); }
  void refill(MonoTime now);

  double per_second_ = 0, tokens_ = 0;
  int taken_ = 0;
  MonoTime refilled_at_{};
};

}  // namespace opi::delivery
