#include "domain/policy.hpp"

#include <gtest/gtest.h>

namespace opi {
namespace {

using namespace std::chrono_literals;

TEST(DeliveryPolicy, DefaultScheduleIsFiveSecondsTimesFourUpToSixHours) {
  const DeliveryPolicy policy;
  EXPECT_EQ(policy.max_attempts, 10);
  EXPECT_EQ(policy.timeout, 15s);
  EXPECT_EQ(policy.backoff(1, 0.5), 5s);
  EXPECT_EQ(policy.backoff(2, 0.5), 20s);
  EXPECT_EQ(policy.backoff(3, 0.5), 80s);
  EXPECT_EQ(policy.backoff(7, 0.5), 20480s);
  EXPECT_EQ(policy.backoff(8, 0.5), 6h);
  EXPECT_EQ(policy.backoff(100, 0.5), 6h);
}

TEST(DeliveryPolicy, JitterIsTwentyPercentBothWaysAndNeverAboveTheCap) {
  const DeliveryPolicy policy;
  EXPECT_EQ(policy.backoff(1, 0.0), 4s);
  EXPECT_EQ(policy.backoff(1, 1.0), 6s);
  EXPECT_EQ(policy.backoff(20, 1.0), 6h);
}

TEST(DeliveryPolicy, TheInnermostOverrideWins) {
  PolicyOverride tenant{.max_attempts = 5, .timeout = 1s};
  PolicyOverride destination{.max_attempts = 3};
  const auto policy = destination.applied_to(tenant.applied_to({}));
  EXPECT_EQ(policy.max_attempts, 3);
  EXPECT_EQ(policy.timeout, 1s);
  EXPECT_EQ(policy.backoff_initial, 5s);
}

TEST(DeliveryPolicy, LimitsHoldAtTheirEdges) {
  DeliveryPolicy policy;
  EXPECT_TRUE(check(policy).empty());
  policy.max_attempts = 1;
  policy.timeout = 100ms;
  policy.backoff_cap = 24h;
  policy.retry_after_max = 1s;
  EXPECT_TRUE(check(policy).empty());
  policy.retry_after_max = std::chrono::days{30};
  EXPECT_TRUE(check(policy).empty());
  policy.max_attempts = 0;
  policy.timeout = 99ms;
  policy.backoff_cap = 24h + 1ms;
  policy.backoff_factor = 0.99;
  policy.backoff_jitter = 0.51;
  policy.retry_after_max = 999ms;
  policy.retryable_statuses = {399};
  std::vector<std::string_view> fields;
  for (const auto& fault : check(policy)) fields.push_back(fault.field);
  EXPECT_EQ(fields, (std::vector<std::string_view>{"max_attempts", "timeout_ms", "backoff_factor", "backoff_cap_ms",
                                                   "backoff_jitter", "retry_after_max_ms", "retryable_statuses"}));
  policy = {};
  policy.retry_after_max = std::chrono::days{30} + 1ms;
  EXPECT_EQ(check(policy).size(), 1u);
  policy = {};
  policy.backoff_factor = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(check(policy).size(), 1u);
}

}  // namespace
}  // namespace opi
