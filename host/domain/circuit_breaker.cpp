#include "domain/circuit_breaker.hpp"

#include <algorithm>

namespace opi {

int CircuitBreaker::admit(int wanted, int in_flight, MonoTime now) const {
  if (!tripped_) return wanted;
  if (now < probe_at_ || in_flight > 0) return 0;
  return std::min(wanted, 1);
}

void CircuitBreaker::succeeded() {
  failures_ = 0;
  tripped_ = false;
  cooldown_ = std::chrono::milliseconds{0};
}

void CircuitBreaker::failed(MonoTime now) {
  if (options_->failure_threshold == 0) return;
  ++failures_;
  if (failures_ < options_->failure_threshold) return;
  // Requests that were under way when it opened say nothing new.
  if (tripped_ && now < probe_at_) return;
  const auto grown = std::chrono::milliseconds{
      static_cast<long long>(static_cast<double>(cooldown_.count()) * options_->cooldown_factor)};
  cooldown_ = std::clamp(grown, options_->cooldown, options_->max_cooldown);
  tripped_ = true;
  probe_at_ = now + cooldown_;
}

void CircuitBreaker::trip(MonoTime probe_at) {
  if (options_->failure_threshold == 0) return;
  failures_ = options_->failure_threshold;
  cooldown_ = options_->cooldown;
  tripped_ = true;
  probe_at_ = probe_at;
}

}  // namespace opi
