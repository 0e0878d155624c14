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

TEST_F(Dispatching, AsksTheStoreForWorkAtItsIntervalAndWhenItIsAnnounced) {
  count_calls();
  EXPECT_EQ(run(), 1'000ms);
  EXPECT_EQ(calls(test::StoreOperation::discover), 1);
  clock.advance(999ms);
  EXPECT_EQ(run(), 1ms);
  EXPECT_EQ(calls(test::StoreOperation::discover), 1);
  clock.advance(1ms);
  run();
  EXPECT_EQ(calls(test::StoreOperation::discover), 2);
  engine().dispatcher.work_announced();
  EXPECT_EQ(run(), 20ms);
  EXPECT_EQ(calls(test::StoreOperation::discover), 2) << "a busy neighbour's announcements are gathered";
  clock.advance(20ms);
  run();
  EXPECT_EQ(calls(test::StoreOperation::discover), 3);
  EXPECT_EQ(calls(test::StoreOperation::claim), 0) << "without work there is no claim";
}

TEST_F(Dispatching, FindsWhatAnotherDaemonStored) {
  run();
  test::Engine other(store, catalog_store, registry, transport, clock, random);
  other.on_submit = [&] { other.intake.run_once(); };
  other.intake.submit({test::event("e-1")});
  run();
  EXPECT_TRUE(transport.under_way.empty());
  clock.advance(1s);
  run();
  EXPECT_EQ(transport.under_way.size(), 1u);
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

TEST_F(Dispatching, WhatWasDisabledSinceThePlanIsGivenBack) {
  engine().intake.submit({test::event("e-1")});
  Scheduler scheduler({});
  scheduler.update(catalog_store.load());  // knows the destination as enabled, and nobody tells it otherwise
  auto d = test::destination(1);
  d.enabled = false;
  put(d);
  CatalogCache cache(catalog_store, {});
  cache.refresh();
  Settler settler(
      store, catalog_store, scheduler, engine().credential_watch, clock, engine().metrics, engine().logger, [] {},
      [] {}, {});
  Dispatcher dispatcher(store, cache, scheduler, engine().attempts, settler, clock, engine().metrics, engine().logger,
                        {.daemon_id = "daemon-2"});
  dispatcher.run_once();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(only_delivery().state, DeliveryState::delivering);
  settler.run_once();
  EXPECT_EQ(only_delivery().state, DeliveryState::pending);
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

TEST_F(Dispatching, AnAbsentStoreAtDiscoveryIsWaitedForToo) {
  engine();
  store.fail_next(test::StoreOperation::discover, test::StoreFault::unavailable);
  EXPECT_EQ(run(), 500ms);
  engine().intake.submit({test::event("e-1")});
  run();
  EXPECT_EQ(transport.under_way.size(), 1u);
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
  Rescuer small(store, engine().catalog, engine().scheduler, clock, random, engine().metrics, engine().logger,
                {.daemon_id = "daemon-2", .batch = 2});
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
  test::Engine fresh(store, catalog_store, registry, transport, clock, random);  // has not loaded the catalog
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
