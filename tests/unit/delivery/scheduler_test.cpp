#include "unit/delivery/scheduling.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

TEST_F(Scheduling, PlansOnlyWhatIsDue) {
  Scheduler& s = make({});
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

// The rest are idle, or wait for a time, or for the end of what fills them, or of a pause: nobody asks them in between.
TEST_F(Scheduling, ARoundLooksAtThoseThatAreReadyHoweverManyThereAre) {
  const auto looks_among = [this](int others) {
    all.clear();
    for (int n = 1; n <= others + 5; ++n) add(n, n % 2 == 0 ? "acme" : "globex").max_in_flight = 4;
    Scheduler& s = make({.max_in_flight = 100'000, .claim_batch = 100'000, .claim_batch_beside = 100'000});
    update(s);
    for (int introduced = 1'000; introduced < others + 5; introduced += 1'000) introduce(s);
    for (int n = 6; n <= others + 5; n += 4) {
      s.mark_due(destination_id(n), now + 1h);
      s.mark_due(destination_id(n + 1), now);
      s.mark_due(destination_id(n + 2), now);
      s.hold(destination_id(n + 2), now + 1h, Hold{HoldCause::adapter_missing});
    }
    claim(s.plan(now), 4);  // those that have something due are full now
    const auto before = s.counts(now).looks;
    for (int round = 0; round < 10; ++round) {
      for (int n = 1; n <= 5; ++n) s.mark_due(destination_id(n), now);
      EXPECT_EQ(claim(s.plan(now), 1), 5);
      EXPECT_GT(s.next_wakeup(now), now);
      EXPECT_GT(s.counts(now).due, 0);
      for (int n = 1; n <= 5; ++n) finish(n);
      now += 1ms;
    }
    const auto looks = s.counts(now).looks - before;
    slots.clear();
    return looks;
  };
  const auto among_few = looks_among(8);
  EXPECT_GE(among_few, 50U);
  EXPECT_EQ(looks_among(8'000), among_few);
}

TEST_F(Scheduling, AnUnknownDestinationIsIgnored) {
  Scheduler& s = make({});
  update(s);
  s.mark_due(destination_id(9), now);
  EXPECT_FALSE(s.mark_due(destination_id(9), now));
  EXPECT_FALSE(s.hold(destination_id(9), now + 1s, Hold{HoldCause::adapter_missing}));
  EXPECT_TRUE(s.plan(now).empty());
}

TEST_F(Scheduling, SlotsAreReservedUntilTheClaimIsAnswered) {
  Scheduler& s = make({});
  add(1).max_in_flight = 10;
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  EXPECT_EQ(grants(plan), (Grants{{1, 10}}));
  EXPECT_TRUE(s.plan(now).empty()) << "all slots are reserved";
  claim(std::move(plan), 4);
  EXPECT_EQ(s.counts(now).in_flight, 4);
  due(s, {1});
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 6}}));
}

TEST_F(Scheduling, AFailedClaimGivesItsSlotsBackAndLooksAtEverythingAgain) {
  Scheduler& s = make({});
  add(1).max_in_flight = 10;
  update(s);
  due(s, {1});
  claim(s.plan(now), 1, 50'000'000);
  release(1);
  {
    auto plan = s.plan(now);
    EXPECT_EQ(plan.requests()[0].due_from, 50'000'000);
    plan.ask();
  }
  const auto again = s.plan(now);
  EXPECT_EQ(grants(again), (Grants{{1, 10}}));
  EXPECT_EQ(again.requests()[0].due_from, 40'000'000) << "a stretch before the watermark, at once";
  EXPECT_EQ(s.counts(now).in_flight, 0);
}

TEST_F(Scheduling, NeverPlansBeyondTheDaemonsLimitOrTheBatch) {
  Scheduler& s = make({.max_in_flight = 130, .claim_batch = 50});
  const char* const tenants[] = {"a", "b", "c"};
  for (int n = 1; n <= 3; ++n) add(n, tenants[n - 1]);
  update(s);
  int planned = 0;
  for (int round = 0; round < 10; ++round) {
    due(s, {1, 2, 3});
    auto plan = s.plan(now);
    for (const auto& [n, count] : grants(plan)) planned += count;
    claim(std::move(plan), 1'000);
  }
  EXPECT_EQ(planned, s.counts(now).in_flight);
  for (const int n : {1, 2, 3}) EXPECT_GE(static_cast<int>(slots[n].size()), 28);
  EXPECT_GE(130 - planned, 28) << "and as many are free for who comes next";
  EXPECT_LE(130 - planned, 37);
  EXPECT_EQ(s.next_wakeup(now), MonoTime::max()) << "only an end of an attempt is news now";
  finish(1, 5);
  EXPECT_EQ(s.plan(now).empty(), false);
}

TEST_F(Scheduling, TheRateLimitCountsClaimsNotGrants) {
  Scheduler& s = make({});
  add(1).rate_limit_per_second = 2;
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 1);
  due(s, {1});
  EXPECT_EQ(grants(plan = s.plan(now)), (Grants{{1, 1}})) << "the unused token came back";
  claim(std::move(plan), 1);
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  const auto wakeup = s.next_wakeup(now);
  EXPECT_GT(wakeup, now + 499ms);
  EXPECT_LT(wakeup, now + 501ms);
  EXPECT_FALSE(s.plan(wakeup).empty());
}

TEST_F(Scheduling, AnOpenBreakerWakesForItsProbeAndSendsOne) {
  Scheduler& s = make({.breaker = {.failure_threshold = 1, .cooldown = 5s}});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 1);
  finish(1, 1, {Feedback::Kind::failed, 0ms, 0ms});
  EXPECT_EQ(s.next_wakeup(now), now + 5s);
  now += 5s;
  EXPECT_EQ(grants(plan = s.plan(now)), (Grants{{1, 1}}));
  claim(std::move(plan), 1);
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  EXPECT_EQ(s.next_wakeup(now), MonoTime::max()) << "the end of the probe is the news";
  finish(1);
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 100}}));
}

TEST_F(Scheduling, TellsHowItStandsWithADestination) {
  using Breaker = Scheduler::LaneStatus::Breaker;
  Scheduler& s = make({.breaker = {.failure_threshold = 1, .cooldown = 5s}});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 2);
  EXPECT_EQ(s.status(destination_id(1), now).in_flight, 2);
  EXPECT_EQ(s.status(destination_id(1), now).breaker, Breaker::closed);
  finish(1, 1, {Feedback::Kind::failed, 7s, 0ms});
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

// It would refuse as many again, and each refusal is an attempt.
TEST_F(Scheduling, AReceiverThatThrottledIsSentOneThenTwiceAsManyWithEachAnswer) {
  Scheduler& s = make({});
  add(1).max_in_flight = 10;
  update(s);
  const Feedback throttled{Feedback::Kind::answered, 1s, 0ms};
  const auto claimed = [&] {
    due(s, {1});
    return claim(s.plan(now), 100);
  };
  ASSERT_EQ(claimed(), 10);
  finish(1, 1, throttled);
  finish(1, 9);  // sent before it said so
  EXPECT_EQ(claimed(), 0) << "it asked for silence";
  now += 1s;
  EXPECT_EQ(claimed(), 1);
  EXPECT_EQ(claimed(), 0);
  finish(1, 1, throttled);
  now += 1s;
  ASSERT_EQ(claimed(), 1);
  finish(1);
  EXPECT_EQ(claimed(), 2);
  finish(1);
  EXPECT_EQ(claimed(), 3) << "4 at a time, one of which is under way";
  finish(1, 2);
  EXPECT_EQ(claimed(), 8) << "its own limit again, which is 10";
}

TEST_F(Scheduling, AHoldKeepsItsTimeWhileItsCauseIsTheSameAndEndsAsItWasFound) {
  const UnixTime began{1'000s}, later{2'000s};
  const auto held = [&](HoldCause cause, const char* detail, UnixTime at) { return Hold{cause, detail, at}; };
  Scheduler& s = make({});
  add(1);
  update(s);
  EXPECT_TRUE(s.hold(destination_id(1), now, held(HoldCause::adapter_missing, "a", began)));
  EXPECT_FALSE(s.hold(destination_id(1), now, held(HoldCause::adapter_missing, "a", later)));
  EXPECT_TRUE(s.hold(destination_id(1), now, held(HoldCause::adapter_missing, "b", later))) << "other words";
  EXPECT_EQ(s.status(destination_id(1), now).hold, held(HoldCause::adapter_missing, "b", began));
  EXPECT_EQ(s.resume(destination_id(1)), held(HoldCause::adapter_missing, "b", began));
  EXPECT_EQ(s.resume(destination_id(1)), std::nullopt);

  // What an attempt has found no look can know to be over.
  const auto secret = held(HoldCause::credential_unusable, "", later);
  s.hold(destination_id(1), now, secret, Scheduler::FoundBy::attempt);
  EXPECT_EQ(s.resume(destination_id(1)), std::nullopt);
  EXPECT_EQ(s.status(destination_id(1), now).hold, secret);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 2);
  finish(1, 1, {Feedback::Kind::none, 0ms, {}});
  EXPECT_EQ(s.status(destination_id(1), now).hold, secret) << "nothing was sent";
  finish(1, 1, {Feedback::Kind::failed, 0ms, {}});
  EXPECT_EQ(s.status(destination_id(1), now).hold, std::nullopt) << "whatever the receiver said of it";
}

TEST_F(Scheduling, AHoldGoesToTheStoreAndComesBackFromIt) {
  Scheduler& s = make({});
  add(1);
  update(s);
  const Hold hold{HoldCause::configuration_refused, "it", UnixTime{5s}};
  s.hold(destination_id(1), now, hold);
  const auto stored = s.take_memories(10, now);
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored[0].hold, hold);
  EXPECT_TRUE(s.take_memories(10, now).empty());
  s.hold(destination_id(1), now, hold);
  EXPECT_TRUE(s.take_memories(10, now).empty()) << "nothing new";

  Scheduler& next = make({});
  Catalog catalog;
  catalog.destinations[destination_id(1)] = std::make_shared<const Destination>(all[1]);
  next.update(catalog);
  EXPECT_FALSE(next.hold(destination_id(1), now, Hold{HoldCause::adapter_missing})) << "what is stored is not read yet";
  next.introduce(stored[0], {}, now);
  EXPECT_EQ(next.status(destination_id(1), now).hold, hold);
  EXPECT_TRUE(next.resume(destination_id(1), Scheduler::FoundBy::attempt));
  const auto ended = next.take_memories(10, now);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].hold, std::nullopt);
}

TEST_F(Scheduling, WhatWasNotSentSaysNothingAboutTheReceiver) {
  Scheduler& s = make({.breaker = {.failure_threshold = 1}});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 1);
  finish(1, 1, {Feedback::Kind::none, 0ms, {}});
  EXPECT_EQ(s.counts(now).breakers_open, 0);
}

TEST_F(Scheduling, AHintThatArrivesDuringAClaimIsNotLost) {
  Scheduler& s = make({});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  s.mark_due(destination_id(1), now);  // an event was committed after the claim's snapshot
  claim(std::move(plan), 0);
  EXPECT_EQ(s.next_wakeup(now), now);
  EXPECT_FALSE(s.plan(now).empty());
}

TEST_F(Scheduling, ARetryThatIsScheduledDuringAClaimIsNotLost) {
  Scheduler& s = make({});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 1);
  due(s, {1});
  plan = s.plan(now);
  finish(1, 1, {Feedback::Kind::answered, 0ms, 10ms});
  claim(std::move(plan), 0);
  EXPECT_LE(s.next_wakeup(now), now + 10ms);
}

TEST_F(Scheduling, AnEmptyClaimOfEverythingWaitsForNews) {
  Scheduler& s = make({});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  EXPECT_EQ(plan.requests()[0].due_from, due_since_ever) << "the first look is at everything";
  claim(std::move(plan), 0);
  EXPECT_EQ(s.next_wakeup(now), MonoTime::max());
}

TEST_F(Scheduling, TheWatermarkFollowsTheLastClaimAndOnlyDelays) {
  Scheduler& s = make({.sweep_interval = 1s});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 1, 5'000);
  now += 10ms;
  due(s, {1});
  plan = s.plan(now);
  EXPECT_EQ(plan.requests()[0].due_from, 5'000);
  claim(std::move(plan), 0);
  // Nothing at or after the watermark: what became visible below it is found by the next sweep.
  EXPECT_EQ(s.next_wakeup(now), MonoTime{1h} + 1s);
  now = s.next_wakeup(now);
  plan = s.plan(now);
  ASSERT_EQ(plan.requests().size(), 1u);
  EXPECT_EQ(plan.requests()[0].due_from, 5'000 - 10'000'000) << "a stretch before the watermark";
}

TEST_F(Scheduling, AReleasedDeliveryIsBelowNoWatermark) {
  Scheduler& s = make({});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 1, 3'000);
  due(s, {1});
  claim(s.plan(now), 1, 5'000);
  release(1);
  EXPECT_EQ(s.counts(now).in_flight, 1);
  now += 1ms;
  plan = s.plan(now);
  ASSERT_EQ(plan.requests().size(), 1u);
  EXPECT_EQ(plan.requests()[0].due_from, 3'000);
}

TEST_F(Scheduling, WhatWaitedWhileDisabledIsClaimedOnceEnabled) {
  Scheduler& s = make({});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 1, 5'000);
  all[1].enabled = false;
  update(s);
  now += 1ms;
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  all[1].enabled = true;
  update(s);
  plan = s.plan(now);
  ASSERT_EQ(plan.requests().size(), 1u);
  EXPECT_EQ(plan.requests()[0].due_from, due_since_ever);
}

TEST_F(Scheduling, AFullClaimIsFollowedByAnother) {
  Scheduler& s = make({.max_in_flight = 2'000, .claim_batch = 16});
  add(1);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 16);
  EXPECT_EQ(s.next_wakeup(now), now);
  EXPECT_FALSE(s.plan(now).empty());
}

TEST_F(Scheduling, ADestinationThatIsGoneIsForgottenWhenItsLastAttemptEnds) {
  Scheduler& s = make({});
  add(1), add(2);
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 3);
  all.erase(1);
  update(s);
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  EXPECT_EQ(s.counts(now).in_flight, 3);
  finish(1, 3);
  update(s);
  EXPECT_EQ(s.counts(now).in_flight, 0);
  EXPECT_EQ(s.counts(now).due, 0);
}

TEST_F(Scheduling, AChangedCapCountsWhatIsInFlight) {
  Scheduler& s = make({});
  add(1).max_in_flight = 10;
  update(s);
  due(s, {1});
  auto plan = s.plan(now);
  claim(std::move(plan), 10);
  all[1].max_in_flight = 4;
  update(s);
  due(s, {1});
  EXPECT_TRUE(s.plan(now).empty());
  finish(1, 7);
  EXPECT_EQ(grants(s.plan(now)), (Grants{{1, 1}}));
}

// A newer version wrote of it what this one does not know.
TEST_F(Scheduling, NothingIsClaimedForADestinationThatIsNotUnderstood) {
  Scheduler& scheduler = make({});
  add(1).not_understood = "authorization";
  add(2);
  update(scheduler);
  due(scheduler, {1, 2});
  const auto plan = grants(scheduler.plan(now));
  EXPECT_FALSE(plan.contains(1));
  EXPECT_TRUE(plan.contains(2));
  all[1].not_understood.clear();
  update(scheduler);
  EXPECT_TRUE(grants(scheduler.plan(now)).contains(1)) << "what was due meanwhile";
}

}  // namespace
}  // namespace opi::delivery
