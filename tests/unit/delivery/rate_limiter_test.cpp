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
  limiter.spend(10, now);
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
  limiter.spend(1, now);
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

TEST(RateLimiter, ANewRateCountsAtOnceAndFillsNoBucketThatWasEmptied) {
  RateLimiter limiter;
  limiter.set_rate(10);
  MonoTime now{1h};
  ASSERT_EQ(limiter.available(10, now), 10);
  limiter.set_rate(4);
  EXPECT_EQ(limiter.available(10, now), 4);
  limiter.take(4);
  limiter.spend(4, now);
  for (const double rate : {4.0, 2.0, 10.0}) {
    limiter.set_rate(rate);
    EXPECT_EQ(limiter.available(10, now), 0) << rate;
  }
  EXPECT_EQ(limiter.available(10, now += 500ms), 5);
  limiter.set_rate(0);
  EXPECT_EQ(limiter.available(10, now), 10);
}

TEST(RateLimiter, WhileAClaimTakesLongNothingComesInBesideWhatItTook) {
  RateLimiter limiter;
  limiter.set_rate(3);
  MonoTime now{1h};
  ASSERT_EQ(limiter.available(3, now), 3);
  limiter.take(2);
  now += 40s;
  EXPECT_EQ(limiter.available(3, now), 1);
  limiter.spend(2, now);
  EXPECT_EQ(limiter.available(3, now), 1);
  EXPECT_EQ(limiter.available(3, now += 334ms), 2);
}

TEST(RateLimiter, WhatWasTakenBeforeItStartedEmptyIsNotGivenBack) {
  RateLimiter limiter;
  limiter.set_rate(3);
  MonoTime now{1h};
  ASSERT_EQ(limiter.available(3, now), 3);
  limiter.take(3);
  limiter.start_empty(now);
  limiter.spend(1, now);
  limiter.give_back(2);
  EXPECT_EQ(limiter.available(3, now), 0);
  EXPECT_EQ(limiter.available(3, now += 10s), 3);
}

}  // namespace
}  // namespace opi::delivery
