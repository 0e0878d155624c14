#include "delivery/dispatcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Dispatching : public test::WithEngine {
 protected:
  std::chrono::milliseconds run() { return engine().dispatcher.run_once(); }
  int calls(test::StoreOperation wanted) { return calls_[wanted]; }
  void count_calls() {
    store.choose = [this](test::StoreOperation operation) {
      ++calls_[operation];
      return test::StoreFault::none;
    };
  }
  std::map<test::StoreOperation, int> calls_;
};

TEST_F(Dispatching, WithoutWorkThereIsNoClaim) {
  count_calls();
  EXPECT_EQ(run(), 1'000ms);
  EXPECT_EQ(calls(test::StoreOperation::claim), 0);
}

TEST_F(Dispatching, ClaimsThatAreNotFullKeepTheirDistance) {
  count_calls();
  engine().intake.submit({test::event("e-1")});
  EXPECT_EQ(run(), 0ms);
  engine().intake.submit({test::event("e-2")});
  EXPECT_EQ(run(), 3ms);
  EXPECT_EQ(calls(test::StoreOperation::claim), 1);
  clock.advance(3ms);
  EXPECT_EQ(run(), 0ms);
  EXPECT_EQ(calls(test::StoreOperation::claim), 2);
  EXPECT_EQ(transport.under_way.size(), 2u);
}

TEST_F(Dispatching, AFullClaimIsFollowedAtOnce) {
  options.scheduler.claim_batch = 2;
  engine().intake.submit({test::event("e-1"), test::event("e-2"), test::event("e-3")});
  run();
  run();
  EXPECT_EQ(transport.under_way.size(), 3u);
}

TEST_F(Dispatching, ALeaseOutlivesTheLongestTimeoutOfItsClaim) {
  auto slow = test::destination(2);
  slow.policy_override.timeout = 120s;
  put(slow);
  engine().catalog.refresh();
  engine().intake.submit({test::event("e-1")});
  run();
  ASSERT_EQ(transport.under_way.size(), 2u);
  clock.advance(135'000ms);
  EXPECT_TRUE(real_store.take_over_expired(10, "x", 1s).empty());
  clock.advance(1ms);
  EXPECT_EQ(real_store.take_over_expired(10, "x", 1s).size(), 2u);
}

TEST_F(Dispatching, WhatWasDisabledSinceThePlanIsNotClaimed) {
  engine().intake.submit({test::event("e-1")});
  auto d = test::destination(1);
  d.enabled = false;
  put(d);
  CatalogCache cache(catalog_store, {});  // the scheduler is not told
  cache.refresh();
  Dispatcher dispatcher(store, cache, engine().scheduler, engine().attempts, engine().settler.landings(),
                        engine().instruments, {.daemon_id = "daemon-2"});
  count_calls();
  EXPECT_EQ(dispatcher.run_once(), 3ms);
  EXPECT_EQ(calls(test::StoreOperation::claim), 0);
  EXPECT_EQ(only_delivery().state, DeliveryState::pending);
}

// Its backlog stays where it is, and one line tells of it.
TEST_F(Dispatching, AHeldDestinationIsNotClaimedAndToldOnce) {
  registry.held_reason = "no loaded plugin offers the adapter";
  count_calls();
  for (int i = 0; i < 30; ++i) engine().intake.submit({test::event("e-" + std::to_string(i))});
  for (int i = 0; i < 20; ++i) {
    run();
    clock.advance(1s);
  }
  EXPECT_EQ(calls(test::StoreOperation::claim), 0);
  EXPECT_EQ(std::ranges::count(engine().logger.events(), "destination.held"), 1);
  registry.held_reason = "the adapter refuses its configuration";
  clock.advance(5s);
  run();
  EXPECT_EQ(std::ranges::count(engine().logger.events(), "destination.held"), 2) << "another reason is news";
  EXPECT_EQ(engine().scheduler.status(test::destination_id(1), clock.mono_now()).hold->detail, registry.held_reason);
  registry.held_reason.clear();
  clock.advance(5s);
  run();
  EXPECT_EQ(std::ranges::count(engine().logger.events(), "destination.resumed"), 1);
  EXPECT_GT(transport.under_way.size(), 0u);
}

TEST_F(Dispatching, AnAbsentStoreIsWaitedForAndToldOnce) {
  engine().intake.submit({test::event("e-1")});
  store.fail_next(test::StoreOperation::claim, test::StoreFault::unavailable, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run(), 500ms);
    clock.advance(500ms);
  }
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).in_flight, 0);
  run();
  EXPECT_EQ(transport.under_way.size(), 1u);
  const auto events = engine().logger.events();
  EXPECT_EQ(std::ranges::count(events, "dispatch.store_unavailable"), 1);
  EXPECT_EQ(std::ranges::count(events, "dispatch.store_back"), 1);
  EXPECT_EQ(engine().metrics.store_failures("claim").Value(), 3);
}

TEST_F(Dispatching, AClaimInDoubtThatDidNotHappenIsMadeAgain) {
  engine().intake.submit({test::event("e-1")});
  store.fail_next(test::StoreOperation::claim, test::StoreFault::in_doubt_lost);
  EXPECT_EQ(run(), 500ms);
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).in_flight, 0);
  run();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(Dispatching, AClaimInDoubtThatHappenedComesBackWhenItsLeaseRunsOut) {
  engine().intake.submit({test::event("e-1")});
  store.fail_next(test::StoreOperation::claim, test::StoreFault::in_doubt_done);
  EXPECT_EQ(run(), 500ms);
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).in_flight, 0);
  run();
  EXPECT_TRUE(transport.under_way.empty());
  clock.advance(31s);
  engine().rescuer.run_once();
  clock.advance(10s);
  dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(Dispatching, AClaimThatFailsForAnotherReasonGivesItsSlotsBack) {
  engine().intake.submit({test::event("e-1")});
  store.choose = [](test::StoreOperation operation) {
    if (operation == test::StoreOperation::claim) throw std::logic_error("a defect");
    return test::StoreFault::none;
  };
  EXPECT_THROW(run(), std::logic_error);
  store.choose = [](test::StoreOperation) { return test::StoreFault::none; };
  run();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

// Whatever throws between a claim and its settlement: slots and leases come back, and nobody has an attempt for it.
TEST_F(Dispatching, AnAttemptThatThrowsGivesItsClaimBackAndHoldsUpNoOther) {
  put(test::destination(2));
  engine().catalog.refresh();
  engine().discover();
  engine().intake.submit({test::event("e-1")});
  registry.adapter->change_rendering = [](Rendering& rendering) {
    if (rendering.request.url.find("h1.") != std::string::npos) throw std::bad_alloc();
  };
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_EQ(transport.under_way[0].request.url, "https://h2.example/in");
  engine().settler.run_once();
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).in_flight, 1);
  registry.adapter->change_rendering = nullptr;
  clock.advance(5s);
  dispatch();
  while (!transport.under_way.empty()) transport.answer(200);
  engine().settler.run_once();
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).in_flight, 0);
  for (const auto& one : deliveries()) {
    EXPECT_EQ(one.state, DeliveryState::delivered);
    EXPECT_EQ(one.attempts, 1) << "what was not sent is no attempt";
  }
  EXPECT_THAT(engine().logger.text(), HasSubstr("attempt.failed"));
}

TEST_F(Dispatching, AnAttemptThatThrowsAfterItWasSentCountsAsOne) {
  publish_and_dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  registry.adapter->change_outcome = [](Outcome&) { throw std::runtime_error("a defect"); };
  transport.answer(200);
  engine().settler.run_once();
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).in_flight, 0);
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().reason, "internal_error");
}

class Rescuing : public test::WithEngine {};

TEST_F(Rescuing, AVanishedDaemonsAttemptIsRecordedAsInterruptedAndTriedAgain) {
  publish_and_dispatch();
  transport.under_way.clear();  // the daemon died
  EXPECT_EQ(engine().rescuer.run_once(), 5'000ms);
  EXPECT_EQ(only_delivery().state, DeliveryState::delivering) << "its lease still runs";
  clock.advance(31s);
  EXPECT_EQ(engine().rescuer.run_once(), 5'000ms);
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().result, AttemptResult::interrupted);
  EXPECT_EQ(last_attempt().reason, "interrupted");
  EXPECT_EQ(engine().metrics.leases_taken_over.Value(), 1);
  EXPECT_EQ(engine().metrics.attempts("interrupted").Value(), 1);
  EXPECT_LE(engine().scheduler.next_wakeup(clock.mono_now()), clock.mono_now() + 6s) << "the retry is known";
}

TEST_F(Rescuing, InterruptionsCountForThePolicy) {
  auto d = test::destination(1);
  d.policy_override.max_attempts = 2;
  put(d);
  publish_and_dispatch();
  for (int i = 0; i < 2; ++i) {
    transport.under_way.clear();
    clock.advance(60s);
    engine().rescuer.run_once();
    clock.advance(60s);
    dispatch();
  }
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_EQ(only_delivery().attempts, 2);
  EXPECT_EQ(engine().metrics.deliveries_ended("dead_lettered").Value(), 1);
}

TEST_F(Rescuing, AFullBatchIsFollowedAtOnce) {
  Rescuer small(store, engine().catalog, engine().news, engine().instruments, {.daemon_id = "daemon-2", .batch = 2});
  engine().intake.submit({test::event("e-1"), test::event("e-2"), test::event("e-3")});
  dispatch();
  clock.advance(60s);
  EXPECT_EQ(small.run_once(), 0ms);
  EXPECT_EQ(small.run_once(), 5'000ms);
  EXPECT_EQ(engine().metrics.leases_taken_over.Value(), 3);
}

TEST_F(Rescuing, AFailedSettlementIsTakenOverAgain) {
  publish_and_dispatch();
  clock.advance(60s);
  store.fail_next(test::StoreOperation::settle, test::StoreFault::unavailable);
  EXPECT_THROW(engine().rescuer.run_once(), StoreUnavailable);
  EXPECT_EQ(only_delivery().state, DeliveryState::delivering);
  clock.advance(31s);
  engine().rescuer.run_once();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(attempts_of(only_delivery()).size(), 1u);
}

TEST_F(Rescuing, ADestinationThatIsNotKnownYetIsJudgedByItsOwnPolicyAllTheSame) {
  auto d = test::destination(1);
  d.policy_override.max_attempts = 1;
  put(d);
  publish_and_dispatch();
  clock.advance(60s);
  test::Engine fresh(stores(), registry, transport, clock, random);  // has not loaded the catalog
  fresh.rescuer.run_once();
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
}

class CatalogCaching : public test::WithEngine {};

TEST_F(CatalogCaching, LoadsOnChangeAndTellsItsListeners) {
  int told = 0;
  CatalogCache cache(catalog_store, {[&](const Catalog&) { ++told; }});
  EXPECT_EQ(cache.current()->revision, -1);
  cache.refresh();
  cache.refresh();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(cache.current()->destinations.size(), 1u);
  const auto before = cache.current();
  put(test::destination(2));
  cache.refresh();
  EXPECT_EQ(told, 2);
  EXPECT_EQ(cache.current()->destinations.size(), 2u);
  EXPECT_EQ(before->destinations.size(), 1u) << "a snapshot stands";
}

}  // namespace
}  // namespace opi::delivery
