#include "domain/policy.hpp"

#include <algorithm>
#include <cmath>

namespace opi {

bool DeliveryPolicy::retries_status(int http_status) const {
  return std::ranges::find(retryable_statuses, http_status) != retryable_statuses.end();
}

std::chrono::milliseconds DeliveryPolicy::backoff(int failed_attempts, double chance) const {
  const double cap = static_cast<double>(backoff_cap.count());
  const double base =
      std::min(cap, static_cast<double>(backoff_initial.count()) * std::pow(backoff_factor, failed_attempts - 1));
  const double jittered = base * (1.0 + backoff_jitter * (2.0 * chance - 1.0));
  return std::chrono::milliseconds{static_cast<long long>(std::clamp(jittered, 1.0, cap))};
}

DeliveryPolicy PolicyOverride::applied_to(DeliveryPolicy base) const {
  if (max_attempts) base.max_attempts = *max_attempts;
  if (timeout) base.timeout = *timeout;
  if (backoff_initial) base.backoff_initial = *backoff_initial;
  if (backoff_factor) base.backoff_factor = *backoff_factor;
  if (backoff_cap) base.backoff_cap = *backoff_cap;
  if (backoff_jitter) base.backoff_jitter = *backoff_jitter;
  if (retry_after_max) base.retry_after_max = *retry_after_max;
  if (dead_letter) base.dead_letter = *dead_letter;
  if (retryable_statuses) base.retryable_statuses = *retryable_statuses;
  return base;
}

std::vector<PolicyFault> check(const DeliveryPolicy& policy) {
  using L = PolicyLimits;
  std::vector<PolicyFault> faults;
  if (policy.max_attempts < L::min_attempts || policy.max_attempts > L::max_attempts)
    faults.push_back({"max_attempts", "must be 1 to 100"});
  if (policy.timeout < L::min_timeout || policy.timeout > L::max_timeout)
    faults.push_back({"timeout_ms", "must be 100 to 120000"});
  if (policy.backoff_initial < L::min_backoff || policy.backoff_initial > L::max_backoff)
    faults.push_back({"backoff_initial_ms", "must be 10 to 86400000"});
  if (!(policy.backoff_factor >= L::min_factor && policy.backoff_factor <= L::max_factor))
    faults.push_back({"backoff_factor", "must be 1 to 10"});
  if (policy.backoff_cap < policy.backoff_initial || policy.backoff_cap > L::max_backoff)
    faults.push_back({"backoff_cap_ms", "must be at least backoff_initial_ms and at most 86400000"});
  if (!(policy.backoff_jitter >= 0.0 && policy.backoff_jitter <= L::max_jitter))
    faults.push_back({"backoff_jitter", "must be 0 to 0.5"});
  if (policy.retry_after_max < L::min_retry_after || policy.retry_after_max > L::max_retry_after)
    faults.push_back({"retry_after_max_ms", "must be 1000 to 2592000000"});
  for (const int status : policy.retryable_statuses)
    if (status < 400 || status > 599) {
      faults.push_back({"retryable_statuses", "must be HTTP statuses 400 to 599"});
      break;
    }
  return faults;
}

}  // namespace opi
