#pragma once
#include <chrono>
#include <optional>

namespace opi {

struct RetentionLimits {
  static constexpr std::chrono::days least{1}, most{3'650};
};

// How long things are kept after their end. Dead letters are kept until a person moves them, audit records for good.
struct RetentionAges {
  std::chrono::days delivered{30};  // delivered deliveries, with their attempts; events nobody subscribed to as well
  std::chrono::days failed{90};     // failed deliveries, with their attempts
  std::chrono::days delivery_events{30};
  std::chrono::days rollup{400};  // the sums behind delivery-health
};

// What a tenant sets for itself; the rest is the installation's.
struct RetentionOverride {
  std::optional<std::chrono::days> delivered, failed, delivery_events, rollup;

  [[nodiscard]] RetentionAges applied_to(RetentionAges ages) const {
    ages.delivered = delivered.value_or(ages.delivered);
    ages.failed = failed.value_or(ages.failed);
    ages.delivery_events = delivery_events.value_or(ages.delivery_events);
    ages.rollup = rollup.value_or(ages.rollup);
    return ages;
  }
  bool operator==(const RetentionOverride&) const = default;
};

}  // namespace opi
