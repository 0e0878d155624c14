#include "egress/deadline_wheel.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace opi::egress {
namespace {

using std::chrono::milliseconds;

struct Alarm final : Deadline {
  const MonoTime* now = nullptr;
  std::vector<MonoTime> rang;
  std::function<void()> then;

 private:
  void expired() override {
    rang.push_back(*now);
    if (then) then();
  }
};

class Wheel : public testing::Test {
 protected:
  Alarm& alarm() {
    alarms_.push_back(std::make_unique<Alarm>());
    alarms_.back()->now = &now_;
    return *alarms_.back();
  }
  void go_to(milliseconds time) {
    now_ = start_ + time;
    wheel_.advance(now_);
  }
  const MonoTime start_{std::chrono::hours{5}};
  MonoTime now_ = start_;
  DeadlineWheel wheel_{start_};
  std::vector<std::unique_ptr<Alarm>> alarms_;
};

TEST_F(Wheel, ExpiresNeverEarlyAndAtMostATickLate) {
  std::mt19937 random(3);
  for (int i = 0; i < 2'000; ++i) wheel_.arm(alarm(), start_ + milliseconds{random() % 60'000});
  for (milliseconds at{0}; at <= milliseconds{60'020}; ++at) go_to(at);
  for (const auto& one : alarms_) {
    ASSERT_EQ(one->rang.size(), 1u);
    EXPECT_GE(one->rang[0], one->due());
    EXPECT_LE(one->rang[0], one->due() + DeadlineWheel::tick);
  }
}

TEST_F(Wheel, NextIsNeverAfterADeadlineHasBeenOverForMoreThanATick) {
  auto& far = alarm();
  wheel_.arm(far, start_ + milliseconds{20'000});
  int calls = 0;
  while (far.rang.empty()) {
    const auto next = wheel_.next();
    ASSERT_TRUE(next);
    ASSERT_GT(*next, now_ - DeadlineWheel::tick);
    now_ = *next;
    wheel_.advance(now_);
    ASSERT_LT(++calls, 10);  // once a turn, not once a tick
  }
  EXPECT_LE(far.rang[0], far.due() + DeadlineWheel::tick);
  EXPECT_FALSE(wheel_.next());
}

TEST_F(Wheel, DisarmedAndDestroyedDeadlinesStaySilent) {
  auto& silent = alarm();
  wheel_.arm(silent, start_ + milliseconds{10});
  silent.disarm();
  wheel_.arm(alarm(), start_ + milliseconds{10});
  alarms_.pop_back();
  go_to(milliseconds{100});
  EXPECT_TRUE(silent.rang.empty());
}

TEST_F(Wheel, RearmingMovesADeadline) {
  auto& moved = alarm();
  wheel_.arm(moved, start_ + milliseconds{10});
  wheel_.arm(moved, start_ + milliseconds{500});
  go_to(milliseconds{400});
  EXPECT_TRUE(moved.rang.empty());
  go_to(milliseconds{510});
  EXPECT_EQ(moved.rang.size(), 1u);
}

TEST_F(Wheel, AnExpiryMayDisarmItsNeighbourAndArmAgain) {
  auto& first = alarm();
  auto& neighbour = alarm();
  wheel_.arm(first, start_ + milliseconds{10});
  wheel_.arm(neighbour, start_ + milliseconds{10});
  first.then = [&] {
    neighbour.disarm();
    if (first.rang.size() == 1) wheel_.arm(first, start_ + milliseconds{5});  // in the past: rings with the next tick
  };
  go_to(milliseconds{20});
  go_to(milliseconds{40});
  EXPECT_EQ(first.rang.size(), 2u);
  EXPECT_TRUE(neighbour.rang.empty());
}

TEST_F(Wheel, ALongPauseLosesNothing) {
  for (int i = 0; i < 100; ++i) wheel_.arm(alarm(), start_ + milliseconds{i * 300});
  go_to(milliseconds{3'600'000});
  for (const auto& one : alarms_) EXPECT_EQ(one->rang.size(), 1u);
}

TEST_F(Wheel, OneThatThrowsTakesNoOtherAlong) {
  auto& bad = alarm();
  bad.then = [] { throw 7; };
  auto& next = alarm();
  wheel_.arm(bad, start_ + milliseconds{100});
  wheel_.arm(next, start_ + milliseconds{100});
  EXPECT_THROW(go_to(milliseconds{120}), int);
  go_to(milliseconds{121});
  EXPECT_EQ(bad.rang.size(), 1u);
  EXPECT_EQ(next.rang.size(), 1u);
}

}  // namespace
}  // namespace opi::egress
