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
      auto plan = s.plan(now);
      const auto granted = grants(plan);
      claim(std::move(plan), 16);
      for (const auto& [n, count] : granted) {
        total[n] += count;
        finish(n, count);
      }
    }
    return total;
  }
};

TEST_F(Scheduling, GoesRoundTheTenantsAndThenTheirDestinations) {
  Scheduler& s = make({.claim_batch = 64, .claim_batch_beside = 64, .quantum = 16});
  add(1, "a"), add(2, "a"), add(3, "a"), add(4, "b");
  update(s);
  due(s, {1, 2, 3, 4});
  // Four turns of 16: a, b, a, b. Tenant b has one destination and gets as much as the three of a.
  auto plan = s.plan(now);
  EXPECT_EQ(grants(plan)[4], 32);
  EXPECT_EQ(plan.requests().size(), 3u);
}

TEST_F(Turns, EveryTenantGetsTheFirstTurnEquallyOften) {
  Scheduler& s = make({.claim_batch = 16, .quantum = 16});
  add(1, "a"), add(2, "b"), add(3, "c");
  update(s);
  EXPECT_EQ(granted_in_thirty_rounds(s), (Grants{{1, 160}, {2, 160}, {3, 160}}));
}

TEST_F(Turns, EveryDestinationOfATenantGetsItsTurn) {
  Scheduler& s = make({.claim_batch = 16, .quantum = 16});
  add(1), add(2), add(3);
  update(s);
  EXPECT_EQ(granted_in_thirty_rounds(s), (Grants{{1, 160}, {2, 160}, {3, 160}}));
}

// Whoever comes waits for the claim that has begun: it is small once there is somebody who may come.
TEST_F(Scheduling, ClaimsAreSmallWhileSeveralTenantsHaveWork) {
  Scheduler& s = make({.claim_batch = 80, .claim_batch_beside = 20, .contention = 5s, .quantum = 10});
  add(1, "flooding").max_in_flight = 1'000, add(2, "b");
  update(s);
  const auto claimed_of_the_flood = [&] {
    due(s, {1});
    const int got = claim(s.plan(now), 1'000);
    finish(1, got);
    return got;
  };
  EXPECT_EQ(claimed_of_the_flood(), 80) << "alone";
  due(s, {1, 2});
  auto both = s.plan(now);
  EXPECT_EQ(grants(both), (Grants{{1, 10}, {2, 10}}));
  claim(std::move(both), 1);
  finish(1), finish(2);
  EXPECT_EQ(claimed_of_the_flood(), 20) << "it may come again at any time";
  now += 5s;
  EXPECT_EQ(claimed_of_the_flood(), 20);
  now += 1ms;
  EXPECT_EQ(claimed_of_the_flood(), 80) << "it has not been there for a while";
}

TEST_F(Scheduling, ATenantThatLeavesDoesNotBreakTheRound) {
  Scheduler& s = make({.claim_batch = 16});
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
  Scheduler& s = make({.max_in_flight = 1'000, .claim_batch = 40});
  update(s);
  for (int round = 0; round < 5; ++round) {
    due(s, {1});
    auto plan = s.plan(now);
    claim(std::move(plan), 1'000);
  }
  EXPECT_EQ(s.counts(now).in_flight, 20);
  expect_only_the_other(s);
}

TEST_F(AnAilingNeighbour, IsDead) {
  Scheduler& s = make({.breaker = {.failure_threshold = 3}});
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 3);
  finish(1, 3, {Feedback::Kind::failed, 0ms, 5s});
  EXPECT_EQ(s.counts(now).breakers_open, 1);
  expect_only_the_other(s);
}

TEST_F(AnAilingNeighbour, IsDisabled) {
  Scheduler& s = make({});
  all[1].enabled = false;
  update(s);
  expect_only_the_other(s);
  EXPECT_EQ(s.counts(now).due, 1) << "the disabled one is not counted as work";
}

TEST_F(AnAilingNeighbour, IsHeld) {
  Scheduler& s = make({});
  update(s);
  s.hold(destination_id(1), now + 5s, Hold{HoldCause::adapter_missing});
  expect_only_the_other(s);
  now += 5s;
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 20}, {2, 20}})) << "the plan of before was given back";
}

TEST_F(AnAilingNeighbour, AskedForSilence) {
  Scheduler& s = make({});
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 1);
  finish(1, 1, {Feedback::Kind::answered, 30s, 30s});
  now += 29s;
  expect_only_the_other(s);
  now += 1s;
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 1}, {2, 20}})) << "the plan of before was given back";
}

TEST_F(AnAilingNeighbour, IsRateLimited) {
  Scheduler& s = make({});
  all[1].rate_limit_per_second = 2;
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  EXPECT_EQ(grants(plan), (Grants{{1, 2}}));
  claim(std::move(plan), 2);
  expect_only_the_other(s);
}

// Slots that a tenant holds for as long as its receivers like.
class SlotShares : public Scheduling {
 protected:
  // Claims for all that are due until nothing more is granted. Returns how many slots each number has got in all.
  Grants claim_all(Scheduler& s) {
    Grants held;
    for (int round = 0; round < 1'000; ++round) {
      for (const auto& [n, d] : all) due(s, {n});
      auto plan = s.plan(now);
      if (plan.empty()) break;
      claim(std::move(plan), 1'000'000);
    }
    for (const auto& [n, queue] : slots) held[n] = static_cast<int>(queue.size());
    return held;
  }
  int sum(const Grants& held) {
    int total = 0;
    for (const auto& [n, count] : held) total += count;
    return total;
  }
};

// As measured: two destinations of a thousand slots each, answering 200 after two minutes, and nobody else got any.
TEST_F(SlotShares, ANewcomerHasItsSlotsAtOnceBesideOneThatHoldsAllItMay) {
  Scheduler& s = make({.max_in_flight = 2'000});
  add(1, "hog").max_in_flight = 1'000;
  add(2, "hog").max_in_flight = 1'000;
  update(s);
  const int held = sum(claim_all(s));
  EXPECT_LE(held, 1'750) << "alone, all but an eighth";
  EXPECT_GE(held, 1'100);
  add(3, "healthy").max_in_flight = 1'000;
  update(s);
  for (int plans = 0; plans < 5; ++plans) {
    due(s, {1, 2, 3});
    auto plan = s.plan(now);
    EXPECT_EQ(grants(plan).count(1) + grants(plan).count(2), 0u) << plans;
    claim(std::move(plan), 1'000'000);
  }
  EXPECT_GE(slots[3].size(), (2'000 - held) / 3) << "of what is left, in a few plans";
}

TEST_F(SlotShares, EachOfThoseWhoComeAfterFindsSome) {
  Scheduler& s = make({.max_in_flight = 2'000});
  for (int n = 1; n <= 6; ++n) {
    add(n, ("t" + std::to_string(n)).c_str()).max_in_flight = 1'000;
    update(s);
    const auto held = claim_all(s);
    EXPECT_GE(held.at(n), 4) << n;
  }
}

// What ends goes to those who hold less, until all hold equal parts.
TEST_F(SlotShares, WhatEndsGoesToThoseWhoHoldLess) {
  Scheduler& s = make({.max_in_flight = 2'000});
  add(1, "hog").max_in_flight = 1'000;
  add(2, "hog").max_in_flight = 1'000;
  update(s);
  claim_all(s);
  add(3, "healthy").max_in_flight = 1'000;
  update(s);
  claim_all(s);
  for (int i = 0; i < 400; ++i) {
    finish(1);
    finish(2);
    claim_all(s);
  }
  const auto held = claim_all(s);
  EXPECT_GE(held.at(3), 600);
  EXPECT_LE(held.at(1) + held.at(2), 1'000);
}

TEST_F(SlotShares, ADestinationLeavesSlotsToItsTenantsOthers) {
  Scheduler& s = make({.max_in_flight = 400});
  add(1).max_in_flight = 1'000;
  update(s);
  EXPECT_EQ(claim_all(s).at(1), 306) << "seven eighths of the tenant's seven eighths";
  add(2).max_in_flight = 1'000;
  update(s);
  due(s, {1, 2});
  EXPECT_EQ(grants(s.plan(now)), (Grants{{2, 22}}));
}

// What became visible below the watermark goes as fast as anything: full looks follow each other.
TEST_F(SlotShares, LateDeliveriesDrainClaimAfterClaim) {
  Scheduler& s = make({.max_in_flight = 2'000, .claim_batch = 100, .sweep_interval = 1s});
  add(1).max_in_flight = 100;
  update(s);
  due(s, {1});
  claim(s.plan(now), 1, 100'000'000);
  finish(1);
  now += 1s;
  due(s, {1});
  for (int claims = 0; claims < 20; ++claims) {  // 2,000 of them, all below
    auto plan = s.plan(now);
    ASSERT_FALSE(plan.empty()) << claims;
    EXPECT_LE(plan.requests()[0].due_from, 95'000'000 + claims) << claims;
    claim(std::move(plan), 100, 95'000'000 + claims);
    finish(1, 100);
  }
}

// Two daemons commit at the same time: what the other one stored may be due before what was claimed already.
TEST_F(SlotShares, WhatAnotherDaemonAnnouncesIsLookedForBeforeTheWatermark) {
  Scheduler& s = make({});
  add(1);
  update(s);
  due(s, {1});
  claim(s.plan(now), 1, 50'000'000);
  now += 10ms;
  due(s, {1});
  EXPECT_EQ(s.plan(now).requests()[0].due_from, 50'000'000);
  s.announced(destination_id(1), now);
  EXPECT_EQ(s.plan(now).requests()[0].due_from, 49'000'000);
}

TEST_F(SlotShares, ManyTenantsAreServedInTurns) {
  Scheduler& s = make({.max_in_flight = 2'000, .claim_batch_beside = 40, .quantum = 4});
  for (int n = 1; n <= 50; ++n) add(n, ("t" + std::to_string(n)).c_str()).max_in_flight = 16;
  update(s);
  std::map<int, int> turns;
  for (int round = 0; round < 5; ++round) {
    for (int n = 1; n <= 50; ++n) due(s, {n});
    auto plan = s.plan(now);
    for (const auto& [n, count] : grants(plan)) turns[n] += count;
    claim(std::move(plan), 16);
  }
  EXPECT_EQ(turns.size(), 50u) << "ten a claim: each had its turn within five";
}

}  // namespace
}  // namespace opi::delivery
