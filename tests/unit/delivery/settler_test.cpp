#include "delivery/settler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Settling : public test::WithEngine {
 protected:
  // Publishes events and leaves their requests under way.
  void start(int count) {
    std::vector<ParsedEvent> events;
    for (int i = 0; i < count; ++i) events.push_back(test::event("e-" + std::to_string(i)));
    engine().intake.submit(std::move(events));
    auto d = test::destination(1);
    d.max_in_flight = count;
    put(d);
    engine().catalog.refresh();
    while (static_cast<int>(transport.under_way.size()) < count) dispatch();
  }
  void answer_all(int status) {
    while (!transport.under_way.empty()) transport.answer(status);
  }
  int count(DeliveryState state) {
    int n = 0;
    for (const auto& c : query.counts(*TenantId::parse("acme")))
      if (c.state == state) n += static_cast<int>(c.count);
    return n;
  }
  int in_flight() { return engine().scheduler.counts(clock.mono_now()).in_flight; }
  Settler& settler() { return engine().settler; }
};

TEST_F(Settling, WritesWhatHasComeInBatches) {
  options.settler.batch = 10;
  start(25);
  answer_all(200);
  EXPECT_EQ(settler().run_once(), 0ms) << "a full batch is followed at once";
  EXPECT_EQ(settler().run_once(), 2ms) << "a trickle is gathered for a moment";
  EXPECT_EQ(settler().run_once(), 1h);
  EXPECT_EQ(store.batches, (std::vector<std::size_t>{10, 10, 5}));
  EXPECT_EQ(count(DeliveryState::delivered), 25);
  EXPECT_EQ(in_flight(), 0);
  EXPECT_TRUE(settler().idle());
}

// A batch is what everybody else waits for, at SQLite's one writer above all.
TEST_F(Settling, BatchesAreSmallAndInTurnsWhileFlightsOfSeveralTenantsLand) {
  options.settler.batch = 10;
  options.settler.batch_beside = 4;
  put_tenant("beta");
  start(20);
  auto other = test::event("of-beta");
  other.event.tenant_id = *TenantId::parse("beta");
  auto d = test::destination(2);
  d.tenant_id = other.event.tenant_id;
  put(d);
  engine().catalog.refresh();
  engine().intake.submit({other});
  while (transport.under_way.size() < 21) dispatch();
  answer_all(200);  // beta's last
  EXPECT_EQ(settler().run_once(), 0ms);
  EXPECT_EQ(query.counts(other.event.tenant_id).front().state, DeliveryState::delivered) << "in the first turn";
  EXPECT_EQ(count(DeliveryState::delivered), 3);
  while (!settler().idle()) settler().run_once();
  EXPECT_EQ(store.batches, (std::vector<std::size_t>{4, 4, 4, 4, 4, 1}));
}

TEST_F(Settling, WakesForTheFirstAndForAFullBatch) {
  options.settler.batch = 3;
  start(4);
  EXPECT_EQ(engine().settler_wakes, 0);
  transport.answer(200);
  EXPECT_EQ(engine().settler_wakes, 1);
  transport.answer(200);
  EXPECT_EQ(engine().settler_wakes, 1);
  transport.answer(200);
  EXPECT_EQ(engine().settler_wakes, 2);
  EXPECT_FALSE(settler().idle());
  settler().run_once();
  EXPECT_EQ(engine().slots_freed, 1);
}

TEST_F(Settling, NothingToDoIsNothingDone) {
  EXPECT_EQ(settler().run_once(), 1h);
  EXPECT_TRUE(store.batches.empty());
}

TEST_F(Settling, AnAbsentStoreLosesNothing) {
  start(3);
  answer_all(200);
  store.fail_next(test::StoreOperation::settle, test::StoreFault::unavailable, 2);
  EXPECT_EQ(settler().run_once(), 200ms);
  EXPECT_FALSE(settler().idle());
  EXPECT_EQ(in_flight(), 3) << "its slots stay taken: nothing more is claimed meanwhile";
  EXPECT_EQ(settler().run_once(), 200ms);
  settler().run_once();
  EXPECT_EQ(count(DeliveryState::delivered), 3);
  EXPECT_EQ(in_flight(), 0);
  EXPECT_EQ(store.batches, (std::vector<std::size_t>{3, 3, 3}));
  EXPECT_TRUE(settler().idle());
}

TEST_F(Settling, OneThatTheSchemaForbidsDoesNotHoldUpTheOthers) {
  start(3);
  answer_all(200);
  store.fail_next(test::StoreOperation::settle, test::StoreFault::refused, 2);  // the batch, then the first alone
  settler().run_once();
  EXPECT_EQ(store.batches, (std::vector<std::size_t>{3, 1, 2}));
  EXPECT_EQ(count(DeliveryState::delivered), 2);
  EXPECT_EQ(count(DeliveryState::delivering), 1) << "its lease runs out";
  EXPECT_EQ(in_flight(), 0);
  EXPECT_TRUE(settler().idle());
  EXPECT_THAT(engine().logger.text(), HasSubstr("settle.refused"));
}

TEST_F(Settling, WhatComesWhileTheStoreIsAwayFollows) {
  options.settler.batch = 4;
  start(6);
  transport.answer(200), transport.answer(200);
  store.fail_next(test::StoreOperation::settle, test::StoreFault::unavailable);
  settler().run_once();
  answer_all(200);
  settler().run_once();
  settler().run_once();
  EXPECT_EQ(store.batches, (std::vector<std::size_t>{2, 4, 2}));
  EXPECT_EQ(count(DeliveryState::delivered), 6);
}

TEST_F(Settling, ACommitInDoubtIsSubmittedAgainWhetherItHappenedOrNot) {
  for (const auto fault : {test::StoreFault::in_doubt_done, test::StoreFault::in_doubt_lost}) {
    publish_and_dispatch(fault == test::StoreFault::in_doubt_done ? "e-1" : "e-2");
    answer_all(200);
    store.fail_next(test::StoreOperation::settle, fault);
    EXPECT_EQ(settler().run_once(), 200ms);
    settler().run_once();
    EXPECT_EQ(in_flight(), 0);
  }
  EXPECT_EQ(count(DeliveryState::delivered), 2);
  EXPECT_EQ(engine().metrics.leases_lost.Value(), 0) << "its own settlement is no lost lease";
  for (const auto& d : deliveries()) EXPECT_EQ(attempts_of(d).size(), 1u);
}

TEST_F(Settling, ARetryInDoubtIsScheduledOnce) {
  publish_and_dispatch();
  answer_all(503);
  store.fail_next(test::StoreOperation::settle, test::StoreFault::in_doubt_done);
  settler().run_once();
  settler().run_once();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(only_delivery().attempts, 1);
  EXPECT_EQ(attempts_of(only_delivery()).size(), 1u);
  EXPECT_EQ(engine().metrics.attempts("retryable").Value(), 1);
}

TEST_F(Settling, ALostLeaseIsCountedAndFreesItsSlot) {
  publish_and_dispatch();
  clock.advance(60s);
  ASSERT_EQ(real_store.take_over_expired(10, "daemon-2", 30s).size(), 1u);
  answer_all(503);
  settler().run_once();
  EXPECT_EQ(engine().metrics.leases_lost.Value(), 1);
  EXPECT_EQ(in_flight(), 0);
  EXPECT_EQ(only_delivery().state, DeliveryState::delivering) << "it is the other daemon's now";
  EXPECT_EQ(engine().scheduler.next_wakeup(clock.mono_now()), MonoTime::max()) << "its retry is not ours to wait for";
  EXPECT_THAT(engine().logger.text(), HasSubstr("delivery.lease_lost"));
  EXPECT_EQ(engine().metrics.attempts("retryable").Value(), 0);
}

TEST_F(Settling, ALateSuccessCounts) {
  publish_and_dispatch();
  clock.advance(60s);
  engine().rescuer.run_once();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  answer_all(200);
  settler().run_once();
  EXPECT_EQ(only_delivery().state, DeliveryState::delivered);
  EXPECT_EQ(attempts_of(only_delivery()).size(), 1u);
  EXPECT_EQ(last_attempt().result, AttemptResult::succeeded);
}

TEST_F(Settling, TwoSettlementsOfOneDeliveryAreWrittenOneAfterTheOther) {
  publish_and_dispatch();
  answer_all(503);
  store.fail_next(test::StoreOperation::settle, test::StoreFault::unavailable);
  settler().run_once();  // waits with the first settlement while the lease runs out …
  clock.advance(60s);
  engine().rescuer.run_once();
  clock.advance(60s);
  dispatch();  // … and the delivery is claimed and answered again
  ASSERT_EQ(transport.under_way.size(), 1u);
  answer_all(200);
  EXPECT_EQ(settler().run_once(), 2ms);
  settler().run_once();
  EXPECT_EQ(store.batches, (std::vector<std::size_t>{1, 1, 1, 1}));  // the second is the rescuer's
  EXPECT_EQ(only_delivery().state, DeliveryState::delivered);
  EXPECT_EQ(in_flight(), 0);
}

TEST_F(Settling, AReleaseGivesTheDeliveryBackAsItWas) {
  publish_and_dispatch();
  transport.fail(TransportFault::cancelled, false);
  EXPECT_EQ(engine().settler_wakes, 1);
  store.fail_next(test::StoreOperation::release, test::StoreFault::unavailable);
  settler().run_once();
  EXPECT_FALSE(settler().idle());
  settler().run_once();
  EXPECT_EQ(only_delivery().state, DeliveryState::pending);
  EXPECT_EQ(in_flight(), 0);
  EXPECT_TRUE(settler().idle());
}

TEST_F(Settling, AReleaseInDoubtIsHarmless) {
  for (const auto fault : {test::StoreFault::in_doubt_done, test::StoreFault::in_doubt_lost}) {
    publish_and_dispatch(fault == test::StoreFault::in_doubt_done ? "e-1" : "e-2");
    while (!transport.under_way.empty()) transport.fail(TransportFault::cancelled, false);
    store.fail_next(test::StoreOperation::release, fault);
    settler().run_once();
    settler().run_once();
  }
  EXPECT_EQ(count(DeliveryState::pending), 2);
  EXPECT_EQ(in_flight(), 0);
}

TEST_F(Settling, A410DisablesTheDestinationWithAnAuditRecord) {
  publish_and_dispatch();
  answer_all(410);
  settler().run_once();
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_FALSE(stored_destination(1)->enabled);
  EXPECT_EQ(stored_destination(1)->disabled_reason, "the receiver answered 410 Gone");
  bool audited = false;
  for (const auto& record : audit_log.read(*TenantId::parse("acme"), 0, 100))
    audited = audited || record.entry.action == audit::Action::destination_disabled;
  EXPECT_TRUE(audited);
  // What comes now waits for a person.
  publish_and_dispatch("e-2");
  engine().catalog.refresh();
  settler().run_once();
  dispatch();
  settler().run_once();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(count(DeliveryState::pending), 1);
}

TEST_F(Settling, OneLineAndOneCountAnAttempt) {
  publish_and_dispatch();
  answer_all(400);
  settler().run_once();
  EXPECT_THAT(engine().logger.text(), HasSubstr("result=terminal state=dead_lettered http_status=400"));
  EXPECT_THAT(engine().logger.text(), HasSubstr("correlation_id=c-e-1"));
  EXPECT_EQ(engine().metrics.attempts("terminal").Value(), 1);
  EXPECT_EQ(engine().metrics.deliveries_ended("dead_lettered").Value(), 1);
}

}  // namespace
}  // namespace opi::delivery
