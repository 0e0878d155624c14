#include "domain/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace opi {
namespace {

using namespace std::chrono_literals;

class Breaker : public testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker.failed(now);
  }
  const CircuitBreaker::Options options{
      .failure_threshold = 3, .cooldown = 5s, .cooldown_factor = 2.0, .max_cooldown = 15s};
  CircuitBreaker breaker{options};
  MonoTime now{1h};
};

TEST_F(Breaker, OpensAtTheThresholdOfConsecutiveFailures) {
  fail(2);
  EXPECT_FALSE(breaker.tripped());
  EXPECT_EQ(breaker.admit(7, 0, now), 7);
  breaker.succeeded();
  fail(2);
  EXPECT_FALSE(breaker.tripped()) << "a success begins the count anew";
  fail(1);
  EXPECT_TRUE(breaker.open(now));
  EXPECT_EQ(breaker.admit(7, 0, now), 0);
}

TEST_F(Breaker, LetsOneProbeThroughAfterTheCooldown) {
  fail(3);
  EXPECT_EQ(breaker.admit(7, 0, now + 5s - 1ns), 0);
  EXPECT_FALSE(breaker.open(now + 5s));
  EXPECT_EQ(breaker.admit(7, 0, now + 5s), 1);
  EXPECT_EQ(breaker.admit(7, 1, now + 5s), 0) << "the probe is under way";
  EXPECT_EQ(breaker.admit(0, 0, now + 5s), 0);
}

TEST_F(Breaker, ASuccessfulProbeClosesIt) {
  fail(3);
  breaker.succeeded();
  EXPECT_FALSE(breaker.tripped());
  EXPECT_EQ(breaker.admit(7, 0, now), 7);
  fail(2);
  EXPECT_FALSE(breaker.tripped());
}

TEST_F(Breaker, EveryFailedProbeDoublesTheCooldownUpToItsLimit) {
  fail(3);
  for (const auto cooldown : {10s, 15s, 15s}) {
    now = breaker.probe_at();
    fail(1);
    EXPECT_EQ(breaker.probe_at() - now, cooldown);
  }
  breaker.succeeded();
  fail(3);
  EXPECT_EQ(breaker.probe_at() - now, 5s) << "a recovery forgets how long it was";
}

TEST_F(Breaker, FailuresOfRequestsUnderWaySayNothingNew) {
  fail(3);
  const auto probe_at = breaker.probe_at();
  now += 1s;
  fail(100);
  EXPECT_EQ(breaker.probe_at(), probe_at);
}

TEST_F(Breaker, ZeroSwitchesItOff) {
  const CircuitBreaker::Options off{.failure_threshold = 0};
  CircuitBreaker never(off);
  for (int i = 0; i < 1000; ++i) never.failed(now);
  EXPECT_FALSE(never.tripped());
  EXPECT_EQ(never.admit(7, 0, now), 7);
}

}  // namespace
}  // namespace opi
