#include <atomic>
#include <thread>

#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class RetentionContract : public StoreContract {
 protected:
  // Ids carry the daemon's time, the rest the store's: they must not be far apart.
  RetentionContract() {
    engine->clock.jump(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
                       engine->clock.unix_now());
    for (const auto& tenant : {acme, globex}) engine->catalog().put_tenant({tenant, tenant.str(), {}}, entry(tenant));
    past = engine->clock.unix_now() - 1h;
    future = engine->clock.unix_now() + 1h;
  }
  delivery::RetentionStore& retention() { return engine->retention(); }
  delivery::RemovedDeliveries remove(UnixTime delivered_before, UnixTime failed_before, const DeliveryId& after = {},
                                     int limit = 500) {
    return retention().remove_deliveries(acme, delivered_before, failed_before, after, limit);
  }
  UnixTime past, future;
};

TEST_P(RetentionContract, WhatWasDeliveredLongAgoGoesWithItsAttemptsAndItsEvent) {
  const auto destination = new_destination();
  given_pending(destination, 3);
  auto claims = claim(destination);
  settle(retry(std::move(claims[0])));
  engine->make_all_due();
  settle(success(claim_one(destination)));
  settle(success(std::move(claims[1])));
  EXPECT_EQ(remove(past, past).deliveries, 0);
  const auto removed = remove(future, past);
  EXPECT_EQ(removed.deliveries, 2);
  EXPECT_EQ(removed.attempts, 3);
  EXPECT_EQ(removed.events, 2);
  EXPECT_EQ(rows("integration_deliveries"), 0);
  EXPECT_EQ(rows("integration_delivery_attempts"), 0);
  EXPECT_EQ(rows("integration_events"), 1);
  EXPECT_EQ(rows("integration_outbox"), 1);
  EXPECT_THAT(engine->query().list(acme, {}), SizeIs(1));
}

TEST_P(RetentionContract, FailedOnesHaveTheirOwnAgeAndDeadLettersStay) {
  const auto destination = new_destination();
  given_pending(destination, 3);
  auto claims = claim(destination);
  settle(success(std::move(claims[0])));
  settle(settlement(std::move(claims[1]), DeliveryState::failed, AttemptResult::terminal));
  auto dead = dead_letter(std::move(claims[2]));
  const auto id = dead.claim()->delivery;
  settle(std::move(dead));
  const auto audited = rows("audit_log");
  EXPECT_EQ(remove(past, future).deliveries, 1);
  EXPECT_THAT(engine->query().list(acme, {.states = {DeliveryState::failed}}), IsEmpty());
  EXPECT_THAT(engine->query().list(acme, {.states = {DeliveryState::delivered}}), SizeIs(1));
  EXPECT_EQ(remove(future, future).deliveries, 1);
  EXPECT_EQ(state_of(id), DeliveryState::dead_lettered);
  EXPECT_THAT(attempts_of(id), SizeIs(1));
  EXPECT_EQ(rows("audit_log"), audited) << "audit is never removed";
}

TEST_P(RetentionContract, AnEventStaysAsLongAsOneOfItsDeliveries) {
  const auto a = new_destination(), b = new_destination(), c = new_destination();
  engine->store().insert({{new_event(event("e1"), {a, b, c})}}, engine->catalog().revision());
  settle(success(claim_one(a)));
  settle(dead_letter(claim_one(b)));
  EXPECT_EQ(remove(future, future).events, 0);
  settle(success(claim_one(c)));
  EXPECT_EQ(remove(future, future).events, 0);
  const auto parked = engine->dead_letters().find(acme, {}, {}, 10);
  ASSERT_THAT(parked, SizeIs(1));
  engine->dead_letters().discard(acme, parked, "x", entry(acme, audit::Action::dead_letter_discarded));
  const auto removed = remove(future, future);
  EXPECT_EQ(removed.deliveries, 1);
  EXPECT_EQ(removed.events, 1);
  EXPECT_EQ(rows("integration_events"), 0);
}

TEST_P(RetentionContract, TheOldestGoFirstInBatchesThatGoOn) {
  const auto destination = new_destination();
  given_pending(destination, 7);
  std::vector<DeliveryId> ids;
  for (auto& one : claim(destination)) {
    ids.push_back(one->delivery);
    settle(success(std::move(one)));
  }
  std::ranges::sort(ids);
  const auto first = remove(future, future, {}, 3);
  EXPECT_EQ(first.deliveries, 3);
  EXPECT_EQ(first.last, ids[2]);
  EXPECT_EQ(engine->query().list(acme, {}).back().id, ids[3]);
  EXPECT_EQ(remove(future, future, ids[4], 3).deliveries, 2);
  EXPECT_EQ(remove(future, future, {}, 3).deliveries, 2);
  EXPECT_EQ(rows("integration_deliveries"), 0);
}

TEST_P(RetentionContract, EventsThatNobodySubscribedToGoByTheirAge) {
  engine->store().insert({{new_event(event("e1"), {}), new_event(event("e2"), {new_destination()})}},
                         engine->catalog().revision());
  EXPECT_EQ(retention().remove_unrouted_events(acme, past, 10), 0);
  EXPECT_EQ(retention().remove_unrouted_events(globex, future, 10), 0);
  EXPECT_EQ(retention().remove_unrouted_events(acme, future, 10), 1);
  EXPECT_EQ(rows("integration_events"), 1);
}

TEST_P(RetentionContract, TheFeedLosesItsHeadAndGoesOnCounting) {
  const auto destination = new_destination();
  given_pending(destination, 5);
  auto claims = claim(destination);
  for (std::size_t i = 0; i < 4; ++i) settle(success(std::move(claims[i])));
  EXPECT_EQ(retention().remove_delivery_events(acme, past, 10), 0);
  EXPECT_EQ(retention().remove_delivery_events(acme, future, 3), 3);
  settle(success(std::move(claims[4])));
  const auto left = engine->feed().read(acme, 0, {}, 10);
  ASSERT_THAT(left, SizeIs(2));
  EXPECT_EQ(left[0].sequence, 4);
  EXPECT_EQ(left[1].sequence, 5);
  EXPECT_EQ(retention().remove_delivery_events(globex, future, 10), 0);
}

TEST_P(RetentionContract, SumsGoByTheirAge) {
  const auto a = new_destination(), b = new_destination();
  given_pending(a, 1);
  given_pending(b, 1, 10);
  settle(success(claim_one(a)));
  settle(success(claim_one(b)));
  EXPECT_EQ(retention().remove_rollup(acme, past, 10), 0);
  EXPECT_EQ(retention().remove_rollup(acme, future, 1), 1);
  EXPECT_EQ(retention().remove_rollup(acme, future, 10), 1);
}

TEST_P(RetentionContract, OtherTenantsKeepTheirs) {
  const auto destination = new_destination();
  engine->store().insert({{new_event(event("e1", globex), {destination})}}, engine->catalog().revision());
  settle(success(claim_one(destination)));
  EXPECT_EQ(remove(future, future).deliveries, 0);
  EXPECT_EQ(rows("integration_deliveries"), 1);
}

// Two that each remove one delivery of an event must not both leave the event to the other.
TEST_P(RetentionContract, TwoDaemonsLeaveNoEventBehind) {
  const auto a = new_destination(), b = new_destination();
  std::vector<delivery::NewEvent> events;
  for (int i = 0; i < 60; ++i) events.push_back(new_event(event("e" + std::to_string(i)), {a, b}));
  engine->store().insert(events, engine->catalog().revision());
  for (const auto& destination : {a, b})
    for (auto& one : claim(destination)) settle(success(std::move(one)));
  std::atomic<int> left{120};
  const auto work = [&] {
    while (left > 0) left -= static_cast<int>(remove(future, future, {}, 7).deliveries);
  };
  std::thread rival{work};
  work();
  rival.join();
  EXPECT_EQ(rows("integration_deliveries"), 0);
  EXPECT_EQ(rows("integration_events"), 0);
}

TEST_P(RetentionContract, DeliveriesGoOnBesideIt) {
  const auto destination = new_destination();
  constexpr int batches = 20, batch = 25;
  std::vector<std::vector<delivery::NewEvent>> events(batches);
  for (int i = 0; i < batches * batch; ++i)
    events[static_cast<std::size_t>(i / batch)].push_back(new_event(event("e" + std::to_string(i)), {destination}));
  std::atomic<bool> done{false};
  std::atomic<std::int64_t> removed{0};
  std::thread remover{[&] {
    while (!done) removed += remove(future, future, {}, 10).deliveries;
    while (const auto more = remove(future, future, {}, 50).deliveries) removed += more;
  }};
  int delivered = 0;
  for (const auto& some : events) {
    engine->store().insert(some, engine->catalog().revision());
    auto claims = claim(destination);
    EXPECT_THAT(claims, SizeIs(batch));
    std::vector<delivery::Settlement> settlements;
    for (auto& one : claims) settlements.push_back(success(std::move(one)));
    const auto results = engine->store().settle(settlements);
    delivered += static_cast<int>(std::ranges::count(results, settled));
  }
  done = true;
  remover.join();
  EXPECT_EQ(delivered, batches * batch);
  EXPECT_EQ(removed, batches * batch);
  EXPECT_EQ(rows("integration_events"), 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, RetentionContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
