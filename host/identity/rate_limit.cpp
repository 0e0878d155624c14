#include "identity/rate_limit.hpp"

#include <algorithm>

#include "foundation/mutex.hpp"

namespace opi::identity {

RateLimit::Bucket& RateLimit::bucket(const std::string& key, MonoTime now) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return by_use_.front();
  }
  if (by_use_.size() >= options_.most_keys) {
    by_key_.erase(by_use_.back().key);
    by_use_.pop_back();
  }
  by_use_.push_front({key, options_.burst, now});
  by_key_[key] = by_use_.begin();
  return by_use_.front();
}

std::chrono::milliseconds RateLimit::take(const std::string& key, MonoTime now) {
  const Lock lock(mutex_);
  Bucket& own = bucket(key, now);
  // Two threads may have read the clock in another order than they come here.
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - own.refilled_at).count());
  own.tokens = std::min(own.tokens + seconds * options_.per_second, options_.burst);
  own.refilled_at = std::max(own.refilled_at, now);
  if (own.tokens >= 1) {
    own.tokens -= 1;
    return std::chrono::milliseconds{0};
  }
  const std::chrono::duration<double> wait{(1 - own.tokens) / options_.per_second};
  return std::max(std::chrono::milliseconds{1}, std::chrono::ceil<std::chrono::milliseconds>(wait));
}

}  // namespace opi::identity
