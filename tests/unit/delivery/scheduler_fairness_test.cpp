#include "unit/delivery/scheduling.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

// Destinations 1 to 3 always have something due.
class Turns : public Scheduling {
 protected:
  Grants granted_in_thirty_rounds(Scheduler& s) {
    Grants total;
    for (int round = 0; round < 30; ++round) {
      due(s, {1, 2, 3});
      const auto plan = s.plan(now);
      for (const auto& [n, count] : grants(plan)) total[n] += count;
      s.claimed(plan, claims(plan, 16), now);
      for (const auto& [n, count] : grants(plan)) finish(s, n, count);
    }
    return total;
  }
};

TEST_F(Scheduling, GoesRoundTheTenantsAndThenTheirDestinations) {
  Scheduler s({.claim_batch = 64, .quantum = 16});
  add(1, "a"), add(2, "a"), add(3, "a"), add(4, "b");
  update(s);
  due(s, {1, 2, 3, 4});
  // Four turns of 16: a, b, a, b. Tenant b has one destination and gets as much as the three of a.
  const auto plan = s.plan(now);
  EXPECT_EQ(grants(plan)[4], 32);
  EXPECT_EQ(plan.size(), 3u);
}

TEST_F(Turns, EveryTenantGetsTheFirstTurnEquallyOften) {
  Scheduler s({.claim_batch = 16, .quantum = 16});
  add(1, "a"), add(2, "b"), add(3, "c");
  update(s);
  EXPECT_EQ(granted_in_thirty_rounds(s), (Grants{{1, 160}, {2, 160}, {3, 160}}));
}

TEST_F(Turns, EveryDestinationOfATenantGetsItsTurn) {
  Scheduler s({.claim_batch = 16, .quantum = 16});
  add(1), add(2), add(3);
  update(s);
  EXPECT_EQ(granted_in_thirty_rounds(s), (Grants{{1, 160}, {2, 160}, {3, 160}}));
}

TEST_F(Scheduling, ATenantThatLeavesDoesNotBreakTheRound) {
  Scheduler s({.claim_batch = 16});
  add(1, "a"), add(2, "b"), add(3, "c");
  update(s);
  due(s, {1, 2, 3});
  s.plan(now);
  all.erase(2);
  all.erase(3);
  update(s);
  due(s, {1});
  EXPECT_FALSE(s.plan(now).empty());
  all.clear();
  update(s);
  EXPECT_TRUE(s.plan(now).empty());
}

// Whatever ails destination 1, destination 2 of the same tenant has its full share.
class AnAilingNeighbour : public Scheduling {
 protected:
  AnAilingNeighbour() {
    add(1).max_in_flight = 20;
    add(2).max_in_flight = 20;
  }
  void expect_only_the_other(Scheduler& s) {
    due(s, {1, 2});
    EXPECT_EQ(grants(s.plan(now)), (Grants{{2, 20}}));
  }
};

TEST_F(AnAilingNeighbour, IsFlooded) {
  Scheduler s({.max_in_flight = 1'000, .claim_batch = 40});
  update(s);
  for (int round = 0; round < 5; ++round) {
    due(s, {1});
    const auto plan = s.plan(now);
    s.claimed(plan, claims(plan, 1'000), now);
  }
  EXPECT_EQ(s.counts(now).in_flight, 20);
  expect_only_the_other(s);
}

TEST_F(AnAilingNeighbour, IsDead) {
  Scheduler s({.breaker = {.failure_threshold = 3}});
  update(s);
  due(s, {1});
  const auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 3), now);
  finish(s, 1, 3, {Feedback::Kind::failed, 0ms, 5s});
  EXPECT_EQ(s.counts(now).breakers_open, 1);
  expect_only_the_other(s);
}

TEST_F(AnAilingNeighbour, IsDisabled) {
  Scheduler s({});
  all[1].enabled = false;
  update(s);
  expect_only_the_other(s);
  EXPECT_EQ(s.counts(now).due, 1) << "the disabled one is not counted as work";
}

TEST_F(AnAilingNeighbour, IsHeld) {
  Scheduler s({});
  update(s);
  s.hold(destination_id(1), now + 5s);
  expect_only_the_other(s);
  now += 5s;
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 20}}));
}

TEST_F(AnAilingNeighbour, AskedForSilence) {
  Scheduler s({});
  update(s);
  due(s, {1});
  const auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 1), now);
  finish(s, 1, 1, {Feedback::Kind::answered, 30s, 30s});
  now += 29s;
  expect_only_the_other(s);
  now += 1s;
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 20}}));
}

TEST_F(AnAilingNeighbour, IsRateLimited) {
  Scheduler s({});
  all[1].rate_limit_per_second = 2;
  update(s);
  due(s, {1});
  const auto plan = s.plan(now);
  EXPECT_EQ(grants(plan), (Grants{{1, 2}}));
  s.claimed(plan, claims(plan, 2), now);
  expect_only_the_other(s);
}

}  // namespace
}  // namespace opi::delivery
