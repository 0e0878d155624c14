#include <thread>

#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using delivery::DeliveryFilter;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class WaitingDeliveryContract : public StoreContract {
 protected:
  // The ids of `count` that wait, of events e<first>…, oldest first.
  std::vector<DeliveryId> given_waiting(const DestinationId& at, int count, int first = 0) {
    std::vector<delivery::NewEvent> events;
    std::vector<DeliveryId> ids;
    for (int i = first; i < first + count; ++i) {
      events.push_back(new_event(event("e" + std::to_string(i)), {at}));
      ids.push_back(events.back().deliveries.front().id);
    }
    engine->store().insert(events, engine->catalog().revision());
    return ids;
  }
  // Of events about one subject, in this order.
  std::vector<DeliveryId> given_in_line(const std::string& subject, int count) {
    std::vector<DeliveryId> ids;
    for (int i = 0; i < count; ++i) {
      auto fresh = new_event(event(subject + std::to_string(i)), {destination});
      fresh.deliveries.front().subject = subject;
      ids.push_back(fresh.deliveries.front().id);
      engine->store().insert({{fresh}}, engine->catalog().revision());
    }
    return ids;
  }
  std::vector<DeliveryId> cancel(const std::vector<DeliveryId>& ids, const TenantId& tenant) {
    std::vector<delivery::Cancellation> cancellations;
    for (const auto& id : ids) cancellations.push_back({id, new_uuid()});
    std::vector<DeliveryId> cancelled;
    for (const auto& one : engine->waiting().cancel(tenant, cancellations, "the customer left",
                                                    entry(tenant, audit::Action::delivery_cancelled)))
      cancelled.push_back(one.id);
    return cancelled;
  }
  std::vector<DeliveryId> cancel(const std::vector<DeliveryId>& ids) { return cancel(ids, acme); }
  bool retry_now(const DeliveryId& id, const TenantId& tenant) {
    return engine->waiting().retry_now(tenant, id, entry(tenant, audit::Action::delivery_retried));
  }
  bool retry_now(const DeliveryId& id) { return retry_now(id, acme); }
  std::vector<DeliveryId> due() {
    std::vector<DeliveryId> ids;
    for (const auto& one : claim(destination)) ids.push_back(one->delivery);
    std::ranges::sort(ids);
    return ids;
  }
  std::vector<audit::Record> records_of(audit::Action action) {
    std::vector<audit::Record> found;
    for (auto& record : engine->audit().read(acme, 0, 5'000))
      if (record.entry.action == action) found.push_back(record);
    return found;
  }
  delivery::LiveCount count(const DeliveryFilter& filter) { return engine->waiting().count(acme, filter); }

  const DestinationId destination = new_destination();
};

TEST_P(WaitingDeliveryContract, WhatIsCancelledHasFailedAndSaysWhoAndWhy) {
  const auto id = given_waiting(destination, 1).at(0);
  const auto before = engine->query().find(acme, id).value();
  EXPECT_THAT(cancel({id}), ElementsAre(id));
  const auto after = engine->query().find(acme, id).value();
  EXPECT_EQ(after.state, DeliveryState::failed);
  EXPECT_EQ(after.last_reason, "cancelled");
  EXPECT_EQ(after.idempotency_key, before.idempotency_key);
  EXPECT_TRUE(after.completed_at.has_value());
  const auto attempts = attempts_of(id);
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_EQ(attempts[0].result, AttemptResult::terminal);
  EXPECT_EQ(attempts[0].error_summary, "cancelled by opi_abc (tenant_admin): the customer left");
  EXPECT_FALSE(attempts[0].http_status.has_value());
  EXPECT_EQ(rows("integration_outbox"), 0);
  EXPECT_THAT(cancel({id}), IsEmpty()) << "once";
  const auto records = records_of(audit::Action::delivery_cancelled);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].entry.target, "delivery:" + id.to_string());
  EXPECT_EQ(records[0].entry.correlation_id, "corr-e0");
  EXPECT_THAT(records[0].entry.details, HasSubstr(R"("reason":"the customer left")"));
}

TEST_P(WaitingDeliveryContract, TheFeedTellsOfItAndTheRollupOfReceiversDoesNot) {
  given_waiting(destination, 1);
  auto tried = claim_one(destination);
  const auto id = tried->delivery;
  settle(retry(std::move(tried)));
  const auto rollup = engine->scalar("SELECT sum(failed + retried) FROM integration_delivery_rollup");
  cancel({id});
  EXPECT_EQ(engine->scalar("SELECT sum(failed + retried) FROM integration_delivery_rollup"), rollup);
  const auto told = engine->feed().read(acme, 0, {}, 10);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[1].sequence, 2);
  EXPECT_EQ(told[1].type, "ticket.delivery.failed");
  EXPECT_EQ(told[1].delivery, id);
  EXPECT_EQ(told[1].attempt, 2);
  EXPECT_EQ(told[1].correlation_id, "corr-e0");
  EXPECT_THAT(attempts_of(id), SizeIs(2));
  const auto counts = engine->query().counts(acme);
  ASSERT_THAT(counts, SizeIs(1));
  EXPECT_EQ(counts[0].state, DeliveryState::failed);
  EXPECT_EQ(counts[0].count, 1);
}

TEST_P(WaitingDeliveryContract, WhatIsUnderWayIsLeftAloneUntilItComesBack) {
  const auto id = given_waiting(destination, 1).at(0);
  auto under_way = claim_one(destination);
  EXPECT_THAT(cancel({id}), IsEmpty());
  EXPECT_FALSE(retry_now(id));
  EXPECT_EQ(state_of(id), DeliveryState::delivering);
  EXPECT_EQ(settle(retry(std::move(under_way))), settled);
  EXPECT_THAT(cancel({id}), ElementsAre(id));
}

// Of an attempt that was given up as lost and still comes back.
TEST_P(WaitingDeliveryContract, AClaimOfBeforeSettlesNothingOfWhatWasCancelled) {
  const auto id = given_waiting(destination, 1).at(0);
  const auto claimed = claim_one(destination);
  std::vector<delivery::Claim> given_back;
  given_back.push_back(copy(claimed));
  engine->store().release(given_back);
  cancel({id});
  EXPECT_EQ(settle(success(copy(claimed))), lease_lost);
  EXPECT_EQ(settle(retry(copy(claimed))), lease_lost);
  EXPECT_EQ(state_of(id), DeliveryState::failed);
  EXPECT_THAT(claim(destination), IsEmpty());
}

TEST_P(WaitingDeliveryContract, WhatWaitedBehindTheCancelledOneGoesOn) {
  const auto line = given_in_line("T-1", 4);
  cancel({line[2]});
  EXPECT_THAT(due(), ElementsAre(line[0])) << "it stood in the middle";
  engine->expire_leases();
  for (auto& one : engine->store().take_over_expired(10, "d", std::chrono::seconds{1})) settle(retry(copy(one)));
  EXPECT_THAT(due(), IsEmpty());
  cancel({line[0]});
  EXPECT_THAT(due(), ElementsAre(line[1]));
}

TEST_P(WaitingDeliveryContract, OfAWholeLineNoneGoesOutInBetween) {
  const auto line = given_in_line("T-1", 3);
  const auto other = given_in_line("T-2", 1);
  EXPECT_THAT(cancel(line), SizeIs(3));
  EXPECT_THAT(due(), ElementsAre(other[0]));
}

TEST_P(WaitingDeliveryContract, OnlyTheTenantsOwnMove) {
  const auto id = given_waiting(destination, 1).at(0);
  EXPECT_THAT(cancel({id}, globex), IsEmpty());
  EXPECT_FALSE(retry_now(id, globex));
  EXPECT_THAT(cancel({DeliveryId{new_uuid()}}), IsEmpty());
  EXPECT_EQ(state_of(id), DeliveryState::pending);
  EXPECT_EQ(engine->waiting().count(globex, {}).waiting, 0);
  EXPECT_THAT(records_of(audit::Action::delivery_cancelled), IsEmpty());
}

// Whoever claims and whoever cancels: each delivery is had by one of them.
TEST_P(WaitingDeliveryContract, WhoeverClaimsAndWhoeverCancelsShare) {
  const auto ids = given_waiting(destination, 200);
  std::vector<delivery::Claim> claimed;
  std::thread dispatcher{[&] {
    for (int i = 0; i < 10; ++i)
      for (auto& one : engine->other_daemons_store().claim({{{destination, 15, delivery::due_since_ever}}},
                                                           {"daemon-2", std::chrono::seconds{30}}))
        claimed.push_back(std::move(one));
  }};
  std::size_t cancelled = 0;
  for (std::size_t i = 0; i < ids.size(); i += 20)
    cancelled += cancel({ids.end() - static_cast<long>(i) - 20, ids.end() - static_cast<long>(i)}).size();
  dispatcher.join();
  EXPECT_EQ(claimed.size() + cancelled, 200U - static_cast<std::size_t>(count({}).waiting));
  for (auto& one : claimed) EXPECT_EQ(settle(success(std::move(one))), settled);
  EXPECT_EQ(rows("integration_deliveries") + rows("integration_outbox"), 200);
}

TEST_P(WaitingDeliveryContract, TwoHundredAtOnceAndNoMore) {
  auto ids = given_waiting(destination, 201);
  EXPECT_THROW(cancel(ids), std::invalid_argument);
  EXPECT_EQ(count({}).waiting, 201);
  ids.pop_back();
  EXPECT_THAT(cancel(ids), SizeIs(200));
  EXPECT_THAT(cancel({}), IsEmpty());
  EXPECT_THAT(engine->feed().read(acme, 0, {}, 500), SizeIs(200));
}

TEST_P(WaitingDeliveryContract, RetentionRemovesThem) {
  engine->catalog().put_tenant({acme, "acme", {}}, entry(acme));
  const auto id = given_waiting(destination, 1).at(0);
  cancel({id});
  const auto later = engine->clock.unix_now() + std::chrono::hours{48'000};
  EXPECT_EQ(engine->retention().remove_deliveries(acme, later, later, {}, 10).attempts, 1);
  EXPECT_FALSE(engine->query().find(acme, id).has_value());
}

TEST_P(WaitingDeliveryContract, WhatIsRetriedNowIsDueAtOnce) {
  const auto id = given_waiting(destination, 1).at(0);
  settle(retry(claim_one(destination)));
  ASSERT_THAT(due(), IsEmpty()) << "in a minute";
  EXPECT_TRUE(retry_now(id));
  const auto claimed = claim_one(destination);
  EXPECT_EQ(claimed->delivery, id);
  EXPECT_EQ(claimed->attempts_made, 1);
  EXPECT_EQ(claimed->attempts_before, 0) << "it spends the policy's budget";
  ASSERT_THAT(records_of(audit::Action::delivery_retried), SizeIs(1));
  settle(success(copy(claimed)));
  EXPECT_FALSE(retry_now(id)) << "it has ended";
}

TEST_P(WaitingDeliveryContract, NobodyIsHurriedPastTheOnesBefore) {
  const auto line = given_in_line("T-1", 2);
  EXPECT_FALSE(retry_now(line[1]));
  EXPECT_TRUE(retry_now(line[0]));
  EXPECT_THAT(due(), ElementsAre(line[0]));
}

TEST_P(WaitingDeliveryContract, EveryFilterCountsItsOwn) {
  const auto other = new_destination();
  given_waiting(destination, 3);
  given_waiting(other, 2, 10);
  settle(retry(claim_one(destination)));
  const auto under_way = claim_one(destination);
  EXPECT_EQ(count({}).waiting, 4);
  EXPECT_EQ(count({}).under_way, 1);
  EXPECT_EQ(count({.states = {DeliveryState::retry_scheduled}}).waiting, 1);
  EXPECT_EQ(count({.destinations = {other}}).waiting, 2);
  EXPECT_EQ(count({.destinations = {other}}).under_way, 0);
  EXPECT_EQ(count({.destinations = {destination, other}}).waiting, 4);
  EXPECT_EQ(count({.event_type = "alert.created"}).waiting, 4);
  EXPECT_EQ(count({.event_type = "alert.closed"}).waiting, 0);
  const auto created = under_way->created_at;
  EXPECT_EQ(count({.created_from = created + std::chrono::hours{1}}).waiting, 0);
  EXPECT_EQ(count({.created_to = created - std::chrono::hours{1}}).waiting, 0);
  EXPECT_THROW(count({.alert_id = "alert-e1"}), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Stores, WaitingDeliveryContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
