#pragma once
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace opi {

enum class DeadLetterBehaviour {
  always,         // every delivery that ends without success is parked
  on_exhaustion,  // only those that used up their attempts; a terminal refusal ends as failed
  never,          // nothing is parked; all end as failed
};

constexpr std::string_view to_string(DeadLetterBehaviour behaviour) {
  switch (behaviour) {
    case DeadLetterBehaviour::always: return "always";
    case DeadLetterBehaviour::on_exhaustion: return "on_exhaustion";
    case DeadLetterBehaviour::never: return "never";
  }
  return "";
}
constexpr std::optional<DeadLetterBehaviour> parse_dead_letter_behaviour(std::string_view text) {
  for (const auto b : {DeadLetterBehaviour::always, DeadLetterBehaviour::on_exhaustion, DeadLetterBehaviour::never})
    if (to_string(b) == text) return b;
  return std::nullopt;
}

struct PolicyLimits {
  static constexpr int min_attempts = 1, max_attempts = 100;
  static constexpr std::chrono::milliseconds min_timeout{100}, max_timeout{120'000};
  static constexpr std::chrono::milliseconds min_backoff{10}, max_backoff{std::chrono::hours{24}};
  static constexpr double min_factor = 1.0, max_factor = 10.0;
  static constexpr double max_jitter = 0.5;
  static constexpr std::chrono::milliseconds min_retry_after{1'000}, max_retry_after{std::chrono::days{30}};
};

// A tenant's rules for its deliveries; a destination may override single fields.
struct DeliveryPolicy {
  int max_attempts = 10;
  std::chrono::milliseconds timeout{15'000};         // of one attempt, connect to last byte
  std::chrono::milliseconds backoff_initial{5'000};  // before the second attempt
  double backoff_factor = 4.0;
  std::chrono::milliseconds backoff_cap{std::chrono::hours{6}};
  double backoff_jitter = 0.2;  // ± share of the delay
  // The longest silence that a receiver may ask for at a time; longer than backoff_cap, which is the host's own choice.
  std::chrono::milliseconds retry_after_max{std::chrono::hours{24}};
  DeadLetterBehaviour dead_letter = DeadLetterBehaviour::always;
  std::vector<int> retryable_statuses{408, 425, 429, 500, 502, 503, 504};  // sorted

  [[nodiscard]] bool retries_status(int http_status) const;

  // The wait before attempt `failed_attempts` + 1; `chance` is uniform in [0, 1) and places it within the
  // jitter. Never above backoff_cap, never below 1 ms.
  [[nodiscard]] std::chrono::milliseconds backoff(int failed_attempts, double chance) const;

  bool operator==(const DeliveryPolicy&) const = default;
};

// The fields a tenant or destination sets; the rest comes from the level above.
struct PolicyOverride {
  std::optional<int> max_attempts;
  std::optional<std::chrono::milliseconds> timeout, backoff_initial, backoff_cap, retry_after_max;
  std::optional<double> backoff_factor, backoff_jitter;
  std::optional<DeadLetterBehaviour> dead_letter;
  std::optional<std::vector<int>> retryable_statuses;

  [[nodiscard]] DeliveryPolicy applied_to(DeliveryPolicy base) const;
  bool operator==(const PolicyOverride&) const = default;
};

// What is wrong with a policy, as (field, reason) pairs; empty if nothing is.
struct PolicyFault {
  std::string_view field;
  std::string_view reason;
};
std::vector<PolicyFault> check(const DeliveryPolicy& policy);

}  // namespace opi
