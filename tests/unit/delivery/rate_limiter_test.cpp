#include "delivery/rate_limiter.hpp"

#include <gtest/gtest.h>

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiter, WithoutARateLetsEverythingThrough) {
  RateLimiter limiter;
  EXPECT_EQ(limiter.available(1'000'000, MonoTime{1h}), 1'000'000);
  limiter.take(1'000'000);
  EXPECT_EQ(limiter.available(5, MonoTime{1h}), 5);
  EXPECT_EQ(limiter.next_token_at(MonoTime{1h}), MonoTime{1h});
}

TEST(RateLimiter, HoldsOneSecondsWorthAndRefillsEvenly) {
  RateLimiter limiter;
  limiter.set_rate(10);
  MonoTime now{1h};
  EXPECT_EQ(limiter.available(100, now), 10);
  limiter.take(10);
  EXPECT_EQ(limiter.available(100, now), 0);
  EXPECT_EQ(limiter.available(100, now += 99ms), 0);
  EXPECT_EQ(limiter.available(100, now += 2ms), 1);
  EXPECT_EQ(limiter.available(100, now += 10s), 10) << "idle time is not saved up";
  EXPECT_EQ(limiter.available(3, now), 3);
}

TEST(RateLimiter, ARateBelowOneStillHoldsOneToken) {
  RateLimiter limiter;
  limiter.set_rate(0.1);
  MonoTime now{1h};
  EXPECT_EQ(limiter.available(5, now), 1);
  limiter.take(1);
  EXPECT_EQ(limiter.available(5, now), 0);
  EXPECT_NEAR(std::chrono::duration<double>(limiter.next_token_at(now) - now).count(), 10.0, 0.001);
  EXPECT_EQ(limiter.available(5, limiter.next_token_at(now)), 1);
}

TEST(RateLimiter, GivesBackWhatWasNotUsedButNoMoreThanItHolds) {
  RateLimiter limiter;
  limiter.set_rate(10);
  const MonoTime now{1h};
  ASSERT_EQ(limiter.available(10, now), 10);
  limiter.take(10);
  limiter.give_back(4);
  EXPECT_EQ(limiter.available(100, now), 4);
  limiter.give_back(100);
  EXPECT_EQ(limiter.available(100, now), 10);
}

TEST(RateLimiter, ANewRateCountsAtOnceAndTheSameRateChangesNothing) {
  RateLimiter limiter;
  limiter.set_rate(10);
  const MonoTime now{1h};
  ASSERT_EQ(limiter.available(10, now), 10);
  limiter.take(10);
  limiter.set_rate(10);
  EXPECT_EQ(limiter.available(10, now), 0);
  limiter.set_rate(2);
  EXPECT_EQ(limiter.available(10, now), 2);
  limiter.set_rate(0);
  EXPECT_EQ(limiter.available(10, now), 10);
}

}  // namespace
}  // namespace opi::delivery
