#include "delivery/scheduler.hpp"

#include <gtest/gtest.h>

#include <map>

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

DestinationId destination_id(int n) {
  DestinationId id;
  id.value.bytes[15] = static_cast<std::uint8_t>(n);
  id.value.bytes[14] = static_cast<std::uint8_t>(n >> 8);
  return id;
}

class Scheduling : public testing::Test {
 protected:
  Destination& add(int n, const char* tenant = "acme") {
    Destination& d = all[n];
    d.id = destination_id(n);
    d.tenant_id = *TenantId::parse(tenant);
    d.max_in_flight = 100;
    return d;
  }
  void update(Scheduler& scheduler) {
    Catalog catalog;
    for (const auto& [n, d] : all) {
      auto shared = std::make_shared<const Destination>(d);
      catalog.destinations[d.id] = shared;
      catalog.by_tenant[d.tenant_id].push_back(shared);
    }
    scheduler.update(catalog);
  }
  void due(Scheduler& scheduler, std::initializer_list<int> numbers) {
    for (const int n : numbers) scheduler.mark_due(destination_id(n), now);
  }
  // What a plan grants, by destination.
  static std::map<int, int> grants(const std::vector<ClaimRequest>& requests) {
    std::map<int, int> result;
    for (const auto& request : requests)
      result[request.destination.value.bytes[14] * 256 + request.destination.value.bytes[15]] += request.limit;
    return result;
  }
  // The claims of a store that has `count` due deliveries of each request, the last due at `due_at`.
  static std::vector<Claim> claims(const std::vector<ClaimRequest>& requests, int count, DueTime due_at = 1'000) {
    std::vector<Claim> result;
    for (const auto& request : requests)
      for (int i = 0; i < std::min(count, request.limit); ++i) {
        Claim::Data data;
        data.destination = request.destination;
        data.due_at = due_at;
        result.emplace_back(std::move(data));
      }
    return result;
  }
  void finish(Scheduler& scheduler, int n, int count = 1, Feedback feedback = {Feedback::Kind::answered, 0ms, {}}) {
    for (int i = 0; i < count; ++i) scheduler.finished(destination_id(n), feedback, now);
  }

  using Grants = std::map<int, int>;
  std::map<int, Destination> all;
  MonoTime now{1h};
};

TEST_F(Scheduling, PlansOnlyWhatIsDue) {
  Scheduler s({});
  add(1), add(2);
  update(s);
  EXPECT_TRUE(s.plan(now).empty());
  EXPECT_EQ(s.next_wakeup(now), MonoTime::max());
  s.mark_due(destination_id(1), now + 5s);
  EXPECT_TRUE(s.plan(now).empty());
  EXPECT_EQ(s.next_wakeup(now), now + 5s);
  now += 5s;
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 100}}));
}

TEST_F(Scheduling, AnUnknownDestinationIsIgnored) {
  Scheduler s({});
  update(s);
  s.mark_due(destination_id(9), now);
  s.released(destination_id(9), 0, now);
  s.hold(destination_id(9), now + 1s);
  EXPECT_TRUE(s.plan(now).empty());
}

TEST_F(Scheduling, SlotsAreReservedUntilTheClaimIsAnswered) {
  Scheduler s({});
  add(1).max_in_flight = 10;
  update(s);
  due(s, {1});
  const auto plan = s.plan(now);
  EXPECT_EQ(grants(plan), (Grants{{1, 10}}));
  EXPECT_TRUE(s.plan(now).empty()) << "all slots are reserved";
  s.claimed(plan, claims(plan, 4), now);
  EXPECT_EQ(s.counts(now).in_flight, 4);
  due(s, {1});
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 6}}));
}

TEST_F(Scheduling, AFailedClaimGivesItsSlotsBackAndLooksAtEverythingAgain) {
  Scheduler s({});
  add(1).max_in_flight = 10;
  update(s);
  due(s, {1});
  s.plan(now);
  const auto plan = std::vector<ClaimRequest>{{destination_id(1), 10, due_since_ever}};
  s.claim_failed(plan, now);
  const auto again = s.plan(now);
  EXPECT_EQ(grants(again), (Grants{{1, 10}}));
  EXPECT_EQ(again[0].due_from, due_since_ever);
  EXPECT_EQ(s.counts(now).in_flight, 0);
}

TEST_F(Scheduling, NeverPlansBeyondTheDaemonsLimitOrTheBatch) {
  Scheduler s({.max_in_flight = 130, .claim_batch = 50});
  for (int n = 1; n <= 3; ++n) add(n);
  update(s);
  int planned = 0;
  for (int round = 0; round < 10; ++round) {
    due(s, {1, 2, 3});
    const auto plan = s.plan(now);
    for (const auto& [n, count] : grants(plan)) planned += count;
    s.claimed(plan, claims(plan, 1'000), now);
  }
  EXPECT_EQ(planned, 130);
  EXPECT_EQ(s.counts(now).in_flight, 130);
  EXPECT_EQ(s.next_wakeup(now), MonoTime::max()) << "only an end of an attempt is news now";
  finish(s, 1, 5);
  EXPECT_EQ(s.plan(now).empty(), false);
}

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

TEST_F(Scheduling, EveryTenantGetsTheFirstTurnEquallyOften) {
  Scheduler s({.claim_batch = 16, .quantum = 16});
  add(1, "a"), add(2, "b"), add(3, "c");
  update(s);
  Grants total;
  for (int round = 0; round < 30; ++round) {
    due(s, {1, 2, 3});
    const auto plan = s.plan(now);
    for (const auto& [n, count] : grants(plan)) total[n] += count;
    s.claimed(plan, claims(plan, 16), now);
    for (const auto& [n, count] : grants(plan)) finish(s, n, count);
  }
  EXPECT_EQ(total, (Grants{{1, 160}, {2, 160}, {3, 160}}));
}

TEST_F(Scheduling, EveryDestinationOfATenantGetsItsTurn) {
  Scheduler s({.claim_batch = 16, .quantum = 16});
  add(1), add(2), add(3);
  update(s);
  Grants total;
  for (int round = 0; round < 30; ++round) {
    due(s, {1, 2, 3});
    const auto plan = s.plan(now);
    for (const auto& [n, count] : grants(plan)) total[n] += count;
    s.claimed(plan, claims(plan, 16), now);
    for (const auto& [n, count] : grants(plan)) finish(s, n, count);
  }
  EXPECT_EQ(total, (Grants{{1, 160}, {2, 160}, {3, 160}}));
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

TEST_F(Scheduling, TheRateLimitCountsClaimsNotGrants) {
  Scheduler s({});
  add(1).rate_limit_per_second = 2;
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 1), now);
  due(s, {1});
  EXPECT_EQ(grants(plan = s.plan(now)), (Grants{{1, 1}})) << "the unused token came back";
  s.claimed(plan, claims(plan, 1), now);
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  const auto wakeup = s.next_wakeup(now);
  EXPECT_GT(wakeup, now + 499ms);
  EXPECT_LT(wakeup, now + 501ms);
  EXPECT_FALSE(s.plan(wakeup).empty());
}

TEST_F(Scheduling, AnOpenBreakerWakesForItsProbeAndSendsOne) {
  Scheduler s({.breaker = {.failure_threshold = 1, .cooldown = 5s}});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 1), now);
  finish(s, 1, 1, {Feedback::Kind::failed, 0ms, 0ms});
  EXPECT_EQ(s.next_wakeup(now), now + 5s);
  now += 5s;
  EXPECT_EQ(grants(plan = s.plan(now)), (Grants{{1, 1}}));
  s.claimed(plan, claims(plan, 1), now);
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  EXPECT_EQ(s.next_wakeup(now), MonoTime::max()) << "the end of the probe is the news";
  finish(s, 1);
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 100}}));
}

TEST_F(Scheduling, TellsHowItStandsWithADestination) {
  using Breaker = Scheduler::LaneStatus::Breaker;
  Scheduler s({.breaker = {.failure_threshold = 1, .cooldown = 5s}});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 2), now);
  EXPECT_EQ(s.status(destination_id(1), now).in_flight, 2);
  EXPECT_EQ(s.status(destination_id(1), now).breaker, Breaker::closed);
  finish(s, 1, 1, {Feedback::Kind::failed, 7s, 0ms});
  auto status = s.status(destination_id(1), now);
  EXPECT_EQ(status.in_flight, 1);
  EXPECT_EQ(status.breaker, Breaker::open);
  EXPECT_EQ(status.probe_in, 5'000ms);
  EXPECT_EQ(status.pause, 7'000ms);
  now += 5s;
  status = s.status(destination_id(1), now);
  EXPECT_EQ(status.breaker, Breaker::probing);
  EXPECT_FALSE(status.probe_in);
  EXPECT_EQ(status.pause, 2'000ms);
  now += 2s;
  EXPECT_FALSE(s.status(destination_id(1), now).pause);
  EXPECT_EQ(s.status(destination_id(99), now).in_flight, 0) << "unknown ones do nothing";
}

TEST_F(Scheduling, WhatWasNotSentSaysNothingAboutTheReceiver) {
  Scheduler s({.breaker = {.failure_threshold = 1}});
  add(1);
  update(s);
  due(s, {1});
  const auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 1), now);
  finish(s, 1, 1, {Feedback::Kind::none, 0ms, {}});
  EXPECT_EQ(s.counts(now).breakers_open, 0);
}

TEST_F(Scheduling, AHintThatArrivesDuringAClaimIsNotLost) {
  Scheduler s({});
  add(1);
  update(s);
  due(s, {1});
  const auto plan = s.plan(now);
  s.mark_due(destination_id(1), now);  // an event was committed after the claim's snapshot
  s.claimed(plan, claims(plan, 0), now);
  EXPECT_EQ(s.next_wakeup(now), now);
  EXPECT_FALSE(s.plan(now).empty());
}

TEST_F(Scheduling, ARetryThatIsScheduledDuringAClaimIsNotLost) {
  Scheduler s({});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 1), now);
  due(s, {1});
  plan = s.plan(now);
  finish(s, 1, 1, {Feedback::Kind::answered, 0ms, 10ms});
  s.claimed(plan, {}, now);
  EXPECT_LE(s.next_wakeup(now), now + 10ms);
}

TEST_F(Scheduling, AnEmptyClaimOfEverythingWaitsForNews) {
  Scheduler s({});
  add(1);
  update(s);
  due(s, {1});
  const auto plan = s.plan(now);
  EXPECT_EQ(plan[0].due_from, due_since_ever) << "the first look is at everything";
  s.claimed(plan, {}, now);
  EXPECT_EQ(s.next_wakeup(now), MonoTime::max());
}

TEST_F(Scheduling, TheWatermarkFollowsTheLastClaimAndOnlyDelays) {
  Scheduler s({.sweep_interval = 1s});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 1, 5'000), now);
  now += 10ms;
  due(s, {1});
  plan = s.plan(now);
  EXPECT_EQ(plan[0].due_from, 5'000);
  s.claimed(plan, {}, now);
  // Nothing at or after the watermark: what became visible below it is found by the next sweep.
  EXPECT_EQ(s.next_wakeup(now), MonoTime{1h} + 1s);
  now = s.next_wakeup(now);
  plan = s.plan(now);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].due_from, due_since_ever);
}

TEST_F(Scheduling, AReleasedDeliveryIsBelowNoWatermark) {
  Scheduler s({});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 1, 5'000), now);
  s.released(destination_id(1), 3'000, now);
  EXPECT_EQ(s.counts(now).in_flight, 0);
  now += 1ms;
  plan = s.plan(now);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].due_from, 3'000);
}

TEST_F(Scheduling, WhatWaitedWhileDisabledIsClaimedOnceEnabled) {
  Scheduler s({});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 1, 5'000), now);
  all[1].enabled = false;
  update(s);
  now += 1ms;
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  all[1].enabled = true;
  update(s);
  plan = s.plan(now);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].due_from, due_since_ever);
}

TEST_F(Scheduling, AFullClaimIsFollowedByAnother) {
  Scheduler s({.max_in_flight = 2'000, .claim_batch = 16});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 16), now);
  EXPECT_EQ(s.next_wakeup(now), now);
  EXPECT_FALSE(s.plan(now).empty());
}

TEST_F(Scheduling, ADestinationThatIsGoneIsForgottenWhenItsLastAttemptEnds) {
  Scheduler s({});
  add(1), add(2);
  update(s);
  due(s, {1});
  const auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 3), now);
  all.erase(1);
  update(s);
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  EXPECT_EQ(s.counts(now).in_flight, 3);
  finish(s, 1, 3);
  update(s);
  EXPECT_EQ(s.counts(now).in_flight, 0);
  EXPECT_EQ(s.counts(now).due, 0);
}

TEST_F(Scheduling, AChangedCapCountsWhatIsInFlight) {
  Scheduler s({});
  add(1).max_in_flight = 10;
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.claimed(plan, claims(plan, 10), now);
  all[1].max_in_flight = 4;
  update(s);
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  finish(s, 1, 7);
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 1}}));
}

}  // namespace
}  // namespace opi::delivery
