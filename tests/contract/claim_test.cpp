#include <set>

#include "contract/store_contract.hpp"
#include "delivery/idempotency.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

using delivery::Claim;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

TEST_P(StoreContract, AClaimCarriesTheWholeDelivery) {
  const auto destination = new_destination();
  const auto one = new_event(event("e1"), {destination});
  engine->store().insert({{one}}, 0);
  const auto before = engine->clock.mono_now();
  const auto claimed = claim_one(destination);
  EXPECT_EQ(claimed->delivery, one.deliveries[0].id);
  EXPECT_EQ(claimed->destination, destination);
  EXPECT_EQ(claimed->attempts_made, 0);
  EXPECT_EQ(claimed->leased_until, before + 30s);
  EXPECT_EQ(claimed->idempotency_key, delivery::idempotency_key(acme, destination, one.event.event_id));
  EXPECT_EQ(claimed->created_at, engine->query().find(acme, claimed->delivery)->created_at);
  const Event& stored = *claimed->event;
  EXPECT_EQ(stored.tenant_id, one.event.tenant_id);
  EXPECT_EQ(stored.event_id, one.event.event_id);
  EXPECT_EQ(stored.event_type, one.event.event_type);
  EXPECT_EQ(stored.schema_version, one.event.schema_version);
  EXPECT_EQ(stored.source, one.event.source);
  EXPECT_EQ(stored.timestamp, one.event.timestamp);
  EXPECT_EQ(stored.correlation_id, one.event.correlation_id);
  EXPECT_EQ(stored.causation_id, one.event.causation_id);
  EXPECT_EQ(stored.alert_id, one.event.alert_id);
  EXPECT_EQ(stored.evidence_id, one.event.evidence_id);
  EXPECT_EQ(stored.ticket_id, one.event.ticket_id);
  EXPECT_EQ(stored.payload, one.event.payload);
  EXPECT_EQ(state_of(claimed->delivery), DeliveryState::delivering);
}

TEST_P(StoreContract, DeliveriesOfOneEventShareItInOneClaim) {
  const auto a = new_destination(), b = new_destination();
  engine->store().insert({{new_event(event("e1"), {a, b})}}, 0);
  const auto claims = engine->store().claim({{{a, 5}, {b, 5}}}, {"daemon-1", 30s});
  ASSERT_THAT(claims, SizeIs(2));
  EXPECT_EQ(claims[0]->event, claims[1]->event);
}

TEST_P(StoreContract, AClaimTakesAtMostTheSlotsOfEachDestination) {
  const auto a = new_destination(), b = new_destination(), c = new_destination();
  given_pending(a, 10, 0);
  given_pending(b, 10, 100);
  given_pending(c, 10, 200);
  const auto claims = engine->store().claim({{{a, 3}, {b, 20}, {c, 0}, {new_destination(), 5}}}, {"daemon-1", 30s});
  const auto of = [&](const DestinationId& id) {
    return std::ranges::count_if(claims, [&](const Claim& one) { return one->destination == id; });
  };
  EXPECT_EQ(of(a), 3);
  EXPECT_EQ(of(b), 10);
  EXPECT_EQ(of(c), 0);
}

TEST_P(StoreContract, AFloodedDestinationDoesNotHideAnother) {
  const auto flooded = new_destination(), quiet = new_destination();
  given_pending(flooded, 500, 0);
  given_pending(quiet, 1, 1000);
  EXPECT_THAT(engine->store().claim({{{flooded, 16}, {quiet, 16}}}, {"daemon-1", 30s}), SizeIs(17));
}

TEST_P(StoreContract, TheLongestDueIsClaimedFirst) {
  const auto destination = new_destination();
  given_pending(destination, 1, 1);
  engine->clock.advance(5ms);
  given_pending(destination, 1, 2);
  EXPECT_EQ(claim_one(destination)->event->event_id.str(), "e1");
  EXPECT_EQ(claim_one(destination)->event->event_id.str(), "e2");
}

TEST_P(StoreContract, AClaimedDeliveryIsNotClaimedAgainEvenAfterItsLease) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  EXPECT_THAT(claim(destination), SizeIs(1));
  EXPECT_THAT(claim(destination), IsEmpty());
  engine->expire_leases();
  EXPECT_THAT(claim(destination), IsEmpty());
}

TEST_P(StoreContract, ARetryIsClaimedWhenItIsDueAndNotBefore) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto first = claim_one(destination);
  const auto token = first->lease;
  ASSERT_EQ(settle(retry(std::move(first))), settled);
  EXPECT_THAT(claim(destination), IsEmpty());
  engine->make_all_due();
  const auto again = claim_one(destination);
  EXPECT_EQ(again->attempts_made, 1);
  EXPECT_GT(again->lease, token);
}

TEST_P(StoreContract, AWatermarkLooksAtItsOwnPointAndLater) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto claims = claim(destination);
  ASSERT_THAT(claims, SizeIs(1));
  const auto due_at = claims[0]->due_at;
  engine->store().release(claims);
  EXPECT_THAT(claim(destination, 5, due_at + 1), IsEmpty());
  EXPECT_THAT(claim(destination, 5, due_at), SizeIs(1));
}

TEST_P(StoreContract, AWrongWatermarkOnlyDelays) {
  const auto destination = new_destination();
  given_pending(destination, 3);
  const delivery::DueTime far = 4'102'444'800'000'000;  // the year 2100
  EXPECT_THAT(claim(destination, 5, far), IsEmpty());
  EXPECT_THAT(claim(destination, 5, INT64_MAX), IsEmpty());
  EXPECT_THAT(claim(destination, 5, INT64_MIN + 1), SizeIs(3));
}

TEST_P(StoreContract, AClaimThatComesTooLateTakesNothing) {
  const auto destination = new_destination();
  given_pending(destination, 2);
  const auto claimed_until = [&](delivery::DueTime valid_until) {
    return engine->store().claim({{{destination, 1}}}, {"daemon-1", 30s, valid_until}).size();
  };
  EXPECT_EQ(claimed_until(engine->now() - 1), 0U);
  EXPECT_EQ(claimed_until(delivery::due_since_ever), 0U);
  EXPECT_EQ(claimed_until(engine->now() + 3'600'000'000), 1U);
  EXPECT_EQ(claimed_until(delivery::due_never), 1U);
}

TEST_P(StoreContract, AReleasedDeliveryIsAsItWasBefore) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto claims = claim(destination);
  const auto due_at = claims[0]->due_at;
  engine->store().release(claims);
  EXPECT_EQ(state_of(claims[0]->delivery), DeliveryState::pending);
  const auto again = claim_one(destination);
  EXPECT_EQ(again->due_at, due_at);
  EXPECT_EQ(again->attempts_made, 0);
  EXPECT_GT(again->lease, claims[0]->lease);
}

TEST_P(StoreContract, AReleaseAfterAnAttemptLeadsBackToRetryScheduled) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  settle(retry(claim_one(destination)));
  engine->make_all_due();
  auto claims = claim(destination);
  engine->store().release(claims);
  EXPECT_EQ(state_of(claims[0]->delivery), DeliveryState::retry_scheduled);
}

TEST_P(StoreContract, AReleaseOfALostLeaseIsIgnored) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto stale = claim(destination);
  engine->expire_leases();
  const auto taken = engine->store().take_over_expired(10, "daemon-2", 30s);
  ASSERT_THAT(taken, SizeIs(1));
  engine->store().release(stale);
  EXPECT_EQ(state_of(taken[0]->delivery), DeliveryState::delivering);
  engine->store().release({});
}

TEST_P(StoreContract, OnlyExpiredLeasesAreTakenOverWithANewToken) {
  const auto destination = new_destination();
  given_pending(destination, 3);
  const auto expired = claim(destination, 2);
  engine->expire_leases();
  claim(destination, 1);
  const auto before = engine->clock.mono_now();
  const auto taken = engine->store().take_over_expired(10, "daemon-2", 7s);
  ASSERT_THAT(taken, SizeIs(2));
  for (const auto& one : taken) {
    const auto before_it = std::ranges::find(expired, one->delivery, [](const Claim& c) { return c->delivery; });
    ASSERT_NE(before_it, expired.end());
    EXPECT_GT(one->lease, (*before_it)->lease);
    EXPECT_EQ(one->leased_until, before + 7s);
    EXPECT_FALSE(one->event->payload.empty());
  }
  EXPECT_THAT(engine->store().take_over_expired(10, "daemon-3", 7s), IsEmpty());
}

TEST_P(StoreContract, ATakeOverKeepsToItsLimit) {
  const auto destination = new_destination();
  given_pending(destination, 5);
  claim(destination);
  engine->expire_leases();
  EXPECT_THAT(engine->store().take_over_expired(0, "daemon-2", 30s), IsEmpty());
  EXPECT_THAT(engine->store().take_over_expired(2, "daemon-2", 30s), SizeIs(2));
  EXPECT_THAT(engine->store().take_over_expired(10, "daemon-2", 30s), SizeIs(3));
}

TEST_P(StoreContract, DestinationsWithWaitingDeliveriesAreListedWithTheEarliest) {
  EXPECT_THAT(engine->store().due_destinations({}), IsEmpty());
  const auto due = new_destination(), later = new_destination(), under_way = new_destination(),
             ended = new_destination();
  given_pending(due, 3, 0);
  claim(due, 1);  // the others still wait
  given_pending(later, 2, 10);
  for (auto& one : claim(later)) settle(retry(std::move(one)));  // in 60 s
  given_pending(under_way, 1, 20);
  claim(under_way);
  given_pending(ended, 1, 30);
  settle(success(claim_one(ended)));

  std::map<DestinationId, delivery::DueDestination> listed;
  for (const auto& one : engine->store().due_destinations({{due, later, under_way, ended, new_destination()}}))
    listed[one.destination] = one;
  ASSERT_THAT(listed, SizeIs(2));
  EXPECT_LE(listed.at(due).due_in, 0ms);
  EXPECT_GT(listed.at(later).due_in, 50s);
  EXPECT_LE(listed.at(later).due_in, 60s);
  EXPECT_GT(listed.at(later).due_at, engine->now() + 40'000'000);
  // It hides nothing: the earliest is the first that a claim from there on takes.
  const auto claims = claim(due, 1, listed.at(due).due_at);
  ASSERT_THAT(claims, SizeIs(1));
  EXPECT_EQ(claims[0]->due_at, listed.at(due).due_at);
  EXPECT_THAT(engine->store().due_destinations({{later}}), SizeIs(1));
}

TEST_P(StoreContract, WhatIsDueBeforeTheWatermarkIsNotLookedAt) {
  const auto destination = new_destination();
  engine->store().insert(std::vector{new_event(event("e"), {destination})}, 0);
  const std::vector<delivery::DueSearch> all{destination};
  const auto found = engine->store().due_destinations(all);
  ASSERT_THAT(found, SizeIs(1));
  const std::vector<delivery::DueSearch> from{{destination, found[0].due_at}},
      after{{destination, found[0].due_at + 1}};
  EXPECT_THAT(engine->store().due_destinations(from), SizeIs(1));
  EXPECT_THAT(engine->store().due_destinations(after), IsEmpty());
}

TEST_P(StoreContract, AsManyDestinationsAsMayBeAskedForAreAllListedAndOneMoreIsRefused) {
  constexpr int most = static_cast<int>(delivery::DeliveryStore::looked_at_once);
  std::set<DestinationId> wanted;
  std::vector<delivery::NewEvent> events;
  for (int i = 0; i < most; ++i) {
    const auto destination = *wanted.insert(new_destination()).first;
    events.push_back(new_event(event("e" + std::to_string(i)), {destination}));
  }
  engine->store().insert(events, 0);
  std::vector<delivery::DueSearch> asked{wanted.begin(), wanted.end()};
  std::set<DestinationId> listed;
  for (const auto& one : engine->store().due_destinations(asked)) listed.insert(one.destination);
  EXPECT_EQ(listed, wanted);
  asked.push_back(new_destination());
  try {
    engine->store().due_destinations(asked);
    FAIL() << "501 were looked at";
  } catch (const StoreRefused& refusal) {
    EXPECT_THAT(refusal.what(), testing::HasSubstr("501 destinations, of which at most 500"));
  }
}

}  // namespace
}  // namespace opi::test
