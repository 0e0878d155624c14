#include "delivery/rate_limiter.hpp"

#include <utility>

namespace opi::delivery {

void RateLimiter::set_rate(double per_second) {
  if (per_second == per_second_) return;
  const bool was_limited = std::exchange(per_second_, per_second) > 0;
  tokens_ = was_limited ? std::min(tokens_, holds() - taken_) : holds() - taken_;
}

void RateLimiter::start_empty(MonoTime now) {
  tokens_ = 0;
  taken_ = 0;
  refilled_at_ = now;
}

int RateLimiter::available(int wanted, MonoTime now) {
  if (per_second_ <= 0) return wanted;
  refill(now);
  return std::clamp(static_cast<int>(tokens_), 0, wanted);
}

void RateLimiter::take(int count) {
  tokens_ -= count;
  taken_ += count;
}

void RateLimiter::spend(int count, MonoTime now) {
  refill(now);
  taken_ = std::max(taken_ - count, 0);
}

void RateLimiter::give_back(int count) {
  const int given = std::min(count, taken_);
  taken_ -= given;
  tokens_ = std::min(tokens_ + given, holds() - taken_);
}

MonoTime RateLimiter::next_token_at(MonoTime now) const {
  if (per_second_ <= 0 || tokens_ >= 1) return now;
  return std::max(
      now, refilled_at_ + std::chrono::nanoseconds{static_cast<long long>((1.0 - tokens_) / per_second_ * 1e9) + 1});
}

void RateLimiter::refill(MonoTime now) {
  if (refilled_at_ != MonoTime{}) {
    const double seconds = std::chrono::duration<double>(now - refilled_at_).count();
    tokens_ = std::min(tokens_ + seconds * per_second_, holds() - taken_);
  }
  refilled_at_ = now;
}

}  // namespace opi::delivery
