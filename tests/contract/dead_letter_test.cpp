#include <thread>

#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using delivery::DeliveryFilter;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class DeadLetterContract : public StoreContract {
 protected:
  DestinationId stored_destination() {
    Destination d;
    d.tenant_id = acme;
    d.id = new_destination();
    d.name = "d";
    d.adapter = "webhook";
    d.endpoint = "https://h.example/";
    d.subscriptions = {"*"};
    d.config = "{}";
    engine->catalog().put_tenant({acme, "acme", {}}, entry(acme));
    engine->catalog().put_destination(d, entry(acme));
    return d.id;
  }
  // The ids of `count` dead letters of events e<first>…, oldest first.
  std::vector<DeliveryId> given_dead(const DestinationId& destination, int count, int first = 0) {
    given_pending(destination, count, first);
    std::vector<DeliveryId> ids;
    std::vector<delivery::Settlement> batch;
    for (auto& one : claim(destination, count)) {
      ids.push_back(one->delivery);
      batch.push_back(dead_letter(std::move(one)));
    }
    EXPECT_THAT(engine->store().settle(batch), testing::Each(settled));
    std::ranges::sort(ids);
    return ids;
  }
  std::vector<DeliveryId> replay(std::vector<DeliveryId> ids, const TenantId& tenant) {
    return ids_of(engine->dead_letters().replay(tenant, ids, entry(tenant, audit::Action::dead_letter_replayed)));
  }
  std::vector<DeliveryId> replay(std::vector<DeliveryId> ids) { return replay(std::move(ids), acme); }
  std::vector<DeliveryId> discard(std::vector<DeliveryId> ids, const std::string& reason = "no longer needed") {
    return ids_of(engine->dead_letters().discard(acme, ids, reason, entry(acme, audit::Action::dead_letter_discarded)));
  }
  static std::vector<DeliveryId> ids_of(const std::vector<delivery::MovedDelivery>& moved) {
    std::vector<DeliveryId> ids;
    for (const auto& one : moved) ids.push_back(one.id);
    return ids;
  }
  std::vector<audit::Record> records_of(audit::Action action) {
    std::vector<audit::Record> found;
    for (auto& record : engine->audit().read(acme, 0, 5'000))
      if (record.entry.action == action) found.push_back(record);
    return found;
  }
};

TEST_P(DeadLetterContract, AReplayedDeliveryIsDueNowUnderItsOldNameAndKey) {
  const auto destination = stored_destination();
  const auto id = given_dead(destination, 1).at(0);
  const auto before = engine->query().find(acme, id).value();
  EXPECT_THAT(replay({id}), ElementsAre(id));
  const auto after = engine->query().find(acme, id).value();
  EXPECT_EQ(after.state, DeliveryState::retry_scheduled);
  EXPECT_EQ(after.attempts, 1);
  EXPECT_EQ(after.idempotency_key, before.idempotency_key);
  EXPECT_EQ(after.created_at, before.created_at);
  EXPECT_FALSE(after.completed_at.has_value());
  EXPECT_EQ(rows("integration_deliveries"), 0);
  const auto claimed = claim_one(destination);
  EXPECT_EQ(claimed->delivery, id);
  EXPECT_EQ(claimed->event->event_id.str(), "e0");
}

TEST_P(DeadLetterContract, AReplayGoesOnCountingAttemptsUnderANewBudget) {
  const auto destination = stored_destination();
  const auto id = given_dead(destination, 1).at(0);
  for (int round = 1; round <= 3; ++round) {
    ASSERT_THAT(replay({id}), SizeIs(1));
    auto again = claim_one(destination);
    EXPECT_EQ(again->attempts_made, 2 * round - 1);
    EXPECT_EQ(again->attempts_before, 2 * round - 1);
    EXPECT_EQ(again->budgeted_attempt(), 1);
    settle(retry(std::move(again)));
    engine->make_all_due();
    auto second = claim_one(destination);
    EXPECT_EQ(second->attempts_made, 2 * round);
    EXPECT_EQ(second->budgeted_attempt(), 2);
    settle(dead_letter(std::move(second)));
  }
  EXPECT_THAT(attempts_of(id), SizeIs(7));
}

TEST_P(DeadLetterContract, TheBudgetSurvivesATakeOver) {
  const auto destination = stored_destination();
  const auto id = given_dead(destination, 1).at(0);
  replay({id});
  claim_one(destination);
  engine->expire_leases();
  const auto taken = engine->store().take_over_expired(10, "daemon-2", std::chrono::seconds{30});
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0]->attempts_before, 1);
}

// A settlement of the former life whose answer was lost may be submitted again at any time.
TEST_P(DeadLetterContract, AClaimOfTheFormerLifeCannotSettleTheNewOne) {
  const auto destination = stored_destination();
  given_pending(destination, 1);
  auto first = claim_one(destination);
  const auto stale = copy(first);
  const auto id = first->delivery;
  std::vector<delivery::Settlement> end;
  end.push_back(dead_letter(std::move(first)));
  engine->store().settle(end);
  replay({id});
  const auto live = claim_one(destination);
  EXPECT_GT(live->lease, stale->lease);
  EXPECT_EQ(settle(retry(copy(stale))), lease_lost);
  EXPECT_THAT(engine->store().settle(end), ElementsAre(settled)) << "it was, in its time";
  EXPECT_EQ(state_of(id), DeliveryState::delivering);
}

TEST_P(DeadLetterContract, OfTwoWhoReplayOneWins) {
  const auto destination = stored_destination();
  const auto ids = given_dead(destination, 40);
  std::vector<DeliveryId> first, second;
  std::thread rival{[&] { first = replay(ids); }};
  second = replay(ids);
  rival.join();
  EXPECT_EQ(first.size() + second.size(), 40U);
  EXPECT_THAT(records_of(audit::Action::dead_letter_replayed), SizeIs(40));
  EXPECT_THAT(replay(ids), IsEmpty());
}

TEST_P(DeadLetterContract, OnlyTheTenantsOwnDeadLettersMove) {
  const auto destination = stored_destination();
  const auto dead = given_dead(destination, 1).at(0);
  given_pending(destination, 2, 10);
  auto delivered = claim_one(destination);
  const auto done = delivered->delivery;
  settle(success(std::move(delivered)));
  const auto waiting = claim_one(destination)->delivery;
  for (const auto& id : {done, waiting, DeliveryId{new_uuid()}}) {
    EXPECT_THAT(replay({id}), IsEmpty());
    EXPECT_THAT(discard({id}), IsEmpty());
  }
  EXPECT_THAT(replay({dead}, globex), IsEmpty());
  EXPECT_EQ(state_of(dead), DeliveryState::dead_lettered);
  EXPECT_EQ(state_of(done), DeliveryState::delivered);
  EXPECT_THAT(records_of(audit::Action::dead_letter_replayed), IsEmpty());
}

TEST_P(DeadLetterContract, WhatWentToADeletedDestinationStaysButCanBeDiscarded) {
  const auto id = given_dead(new_destination(), 1).at(0);
  EXPECT_THAT(replay({id}), IsEmpty());
  EXPECT_EQ(state_of(id), DeliveryState::dead_lettered);
  EXPECT_THAT(discard({id}), ElementsAre(id));
}

TEST_P(DeadLetterContract, ThoseOfADeletedDestinationAreLeftOutWhereTheyAreNotWanted) {
  const auto gone = new_destination(), there = stored_destination();
  const auto orphan = given_dead(gone, 1).at(0), other = given_dead(there, 1, 10).at(0);
  EXPECT_EQ(engine->dead_letters().count(acme, {}), 2);
  EXPECT_EQ(engine->dead_letters().count(acme, {.destination_exists = true}), 1);
  EXPECT_THAT(engine->dead_letters().find(acme, {}, {}, 5), ElementsAre(orphan, other));
  EXPECT_THAT(engine->dead_letters().find(acme, {.destination_exists = true}, {}, 5), ElementsAre(other));
  const DeliveryFilter by_event{.alert_id = "alert-e0", .destination_exists = true};
  EXPECT_THAT(engine->dead_letters().find(acme, by_event, {}, 5), IsEmpty());
  EXPECT_EQ(engine->dead_letters().count(acme, by_event), 0);
}

TEST_P(DeadLetterContract, ADiscardedDeadLetterHasFailed) {
  const auto id = given_dead(stored_destination(), 1).at(0);
  EXPECT_THAT(discard({id}, "the \"customer\" resent it"), ElementsAre(id));
  EXPECT_EQ(state_of(id), DeliveryState::failed);
  EXPECT_THAT(replay({id}), IsEmpty());
  EXPECT_THAT(discard({id}), IsEmpty());
  const auto records = records_of(audit::Action::dead_letter_discarded);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].entry.target, "delivery:" + id.to_string());
  EXPECT_EQ(records[0].entry.correlation_id, "corr-e0");
  EXPECT_EQ(records[0].entry.actor_id, "opi_abc");
  EXPECT_THAT(records[0].entry.details, testing::HasSubstr(R"("reason":"the \"customer\" resent it")"));
}

TEST_P(DeadLetterContract, WhatWasDeliveredOrFailedIsSentAgainUnderItsOldNameAndKey) {
  const auto destination = stored_destination();
  given_pending(destination, 3);
  std::vector<DeliveryId> ids;
  std::vector<delivery::Settlement> ends;
  for (auto& one : claim(destination)) {
    ids.push_back(one->delivery);
    ends.push_back(ids.size() == 1   ? success(std::move(one))
                   : ids.size() == 2 ? settlement(std::move(one), DeliveryState::failed, AttemptResult::terminal)
                                     : dead_letter(std::move(one)));
  }
  engine->store().settle(ends);
  const auto before = engine->query().find(acme, ids[0]).value();
  const auto resent = engine->dead_letters().resend(acme, ids, entry(acme, audit::Action::delivery_resent));
  EXPECT_THAT(ids_of(resent), testing::UnorderedElementsAre(ids[0], ids[1])) << "a dead letter is replayed";
  const auto after = engine->query().find(acme, ids[0]).value();
  EXPECT_EQ(after.state, DeliveryState::retry_scheduled);
  EXPECT_EQ(after.idempotency_key, before.idempotency_key);
  EXPECT_THAT(records_of(audit::Action::delivery_resent), SizeIs(2));
  auto again = claim(destination);
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0]->attempts_made, 1);
  EXPECT_EQ(again[0]->budgeted_attempt(), 1);
  settle(success(std::move(again[0])));
  EXPECT_THAT(engine->dead_letters().resend(globex, ids, entry(globex, audit::Action::delivery_resent)), IsEmpty());
}

TEST_P(DeadLetterContract, NothingIsSentAgainToADeletedDestination) {
  const auto gone = new_destination();
  given_pending(gone, 1);
  auto one = claim_one(gone);
  const auto id = one->delivery;
  settle(success(std::move(one)));
  EXPECT_THAT(engine->dead_letters().resend(acme, {{id}}, entry(acme, audit::Action::delivery_resent)), IsEmpty());
  EXPECT_EQ(state_of(id), DeliveryState::delivered);
}

TEST_P(DeadLetterContract, WhatEndedIsFoundByItsStateOldestFirst) {
  const auto destination = stored_destination();
  const auto dead = given_dead(destination, 1);
  given_pending(destination, 3, 10);
  std::vector<DeliveryId> ids;
  for (int i = 0; i < 3; ++i) {
    auto one = claim_one(destination);
    ids.push_back(one->delivery);
    settle(i == 1 ? settlement(std::move(one), DeliveryState::failed, AttemptResult::terminal)
                  : success(std::move(one)));
  }
  std::ranges::sort(ids);
  const auto all = [&](const DeliveryFilter& filter) {
    const auto found = engine->dead_letters().find(acme, filter, {}, 500);
    EXPECT_EQ(engine->dead_letters().count(acme, filter), static_cast<std::int64_t>(found.size()));
    return found;
  };
  const std::vector both{DeliveryState::delivered, DeliveryState::failed};
  EXPECT_THAT(all({.states = both}), testing::ElementsAreArray(ids));
  EXPECT_THAT(all({.states = {DeliveryState::delivered}}), SizeIs(2));
  EXPECT_THAT(all({.states = {DeliveryState::failed}}), SizeIs(1));
  EXPECT_THAT(all({.states = both, .destinations = {new_destination()}}), IsEmpty());
  EXPECT_THAT(all({.states = both, .event_type = "alert.closed"}), IsEmpty());
  EXPECT_THAT(all({.states = both, .ticket_id = "ticket-e0"}), IsEmpty()) << "that one is a dead letter";
  EXPECT_THAT(all({.states = both, .ticket_id = "ticket-e10"}), SizeIs(1));
  EXPECT_THAT(all({.states = both, .destination_exists = true}), SizeIs(3));
  EXPECT_THAT(engine->dead_letters().find(acme, {.states = both}, ids[0], 1), ElementsAre(ids[1]));
}

TEST_P(DeadLetterContract, EveryFilterSelectsItsOwn) {
  const auto a = stored_destination(), b = stored_destination();
  const auto at_a = given_dead(a, 3), at_b = given_dead(b, 2, 10);
  given_pending(a, 1, 20);
  const auto all = [&](const DeliveryFilter& filter) {
    const auto found = engine->dead_letters().find(acme, filter, {}, 500);
    EXPECT_EQ(engine->dead_letters().count(acme, filter), static_cast<std::int64_t>(found.size()));
    return found;
  };
  EXPECT_THAT(all({}), ElementsAre(at_a[0], at_a[1], at_a[2], at_b[0], at_b[1]));
  EXPECT_THAT(all({.destinations = {b}}), ElementsAre(at_b[0], at_b[1]));
  EXPECT_THAT(all({.destinations = {a, b}}), SizeIs(5));
  EXPECT_THAT(all({.destinations = {new_destination()}}), IsEmpty());
  EXPECT_THAT(all({.event_id = EventId::parse("e1")}), ElementsAre(at_a[1]));
  EXPECT_THAT(all({.event_type = "alert.created"}), SizeIs(5));
  EXPECT_THAT(all({.event_type = "alert.closed"}), IsEmpty());
  EXPECT_THAT(all({.correlation_id = "corr-e10"}), ElementsAre(at_b[0]));
  EXPECT_THAT(all({.alert_id = "alert-e2"}), ElementsAre(at_a[2]));
  EXPECT_THAT(all({.evidence_id = "evidence-e2"}), ElementsAre(at_a[2]));
  EXPECT_THAT(all({.ticket_id = "ticket-e11"}), ElementsAre(at_b[1]));
  EXPECT_THAT(all({.destinations = {b}, .ticket_id = "ticket-e2"}), IsEmpty());
  EXPECT_THAT(all({.event_id = EventId::parse("e1"), .alert_id = "alert-e2"}), IsEmpty());
  const auto created = engine->query().find(acme, at_b[0])->created_at;
  EXPECT_THAT(all({.created_to = created - std::chrono::hours{1}}), IsEmpty());
  EXPECT_THAT(all({.created_from = created + std::chrono::hours{1}}), IsEmpty());
  EXPECT_EQ(engine->dead_letters().count(globex, {}), 0);
  EXPECT_THAT(engine->dead_letters().find(acme, {}, at_a[0], 3), ElementsAre(at_a[1], at_a[2], at_b[0]));
}

TEST_P(DeadLetterContract, FiveHundredMoveAtOnceAndNoMore) {
  const auto ids = given_dead(stored_destination(), 500);
  EXPECT_THAT(replay(ids), SizeIs(500));
  auto more = ids;
  more.push_back(DeliveryId{new_uuid()});
  EXPECT_THROW(replay(more), std::invalid_argument);
  EXPECT_THROW(discard(more), std::invalid_argument);
  EXPECT_THAT(records_of(audit::Action::dead_letter_replayed), SizeIs(500));
  EXPECT_THAT(replay({}), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, DeadLetterContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
