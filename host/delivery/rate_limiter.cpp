#include "delivery/rate_limiter.hpp"

#include <algorithm>

namespace opi::delivery {

void RateLimiter::set_rate(double per_second) {
  if (per_second == per_second_) return;
  per_second_ = per_second;
  tokens_ = std::max(1.0, per_second);
}

void RateLimiter::start_empty(MonoTime now) {
  tokens_ = 0;
  refilled_at_ = now;
}

int RateLimiter::available(int wanted, MonoTime now) {
  if (per_second_ <= 0) return wanted;
  refill(now);
  return std::clamp(static_cast<int>(tokens_), 0, wanted);
}

void RateLimiter::give_back(int count) { tokens_ = std::min(tokens_ + count, std::max(1.0, per_second_)); }

MonoTime RateLimiter::next_token_at(MonoTime now) const {
  if (per_second_ <= 0 || tokens_ >= 1) return now;
  return std::max(
      now, refilled_at_ + std::chrono::nanoseconds{static_cast<long long>((1.0 - tokens_) / per_second_ * 1e9) + 1});
}

void RateLimiter::refill(MonoTime now) {
  if (refilled_at_ != MonoTime{}) {
    const double seconds = std::chrono::duration<double>(now - refilled_at_).count();
    tokens_ = std::min(tokens_ + seconds * per_second_, std::max(1.0, per_second_));
  }
  refilled_at_ = now;
}

}  // namespace opi::delivery
