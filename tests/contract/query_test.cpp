#include <map>

#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using delivery::DeliveryFilter;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> event_ids(const std::vector<delivery::DeliveryView>& views) {
  std::vector<std::string> ids;
  for (const auto& view : views) ids.push_back(view.event_id.str());
  return ids;
}

TEST_P(StoreContract, ADeliveryIsSeenWithItsReferences) {
  const auto destination = new_destination();
  const auto one = new_event(event("e1"), {destination});
  engine->store().insert({{one}}, 0);
  const auto view = engine->query().find(acme, one.deliveries[0].id).value();
  EXPECT_EQ(view.tenant, acme);
  EXPECT_EQ(view.id, one.deliveries[0].id);
  EXPECT_EQ(view.destination, destination);
  EXPECT_EQ(view.event_id.str(), "e1");
  EXPECT_EQ(view.event_type, "alert.created");
  EXPECT_EQ(view.correlation_id, "corr-e1");
  EXPECT_EQ(view.alert_id, "alert-e1");
  EXPECT_EQ(view.evidence_id, "evidence-e1");
  EXPECT_EQ(view.ticket_id, "ticket-e1");
  EXPECT_EQ(view.state, DeliveryState::pending);
  EXPECT_EQ(view.attempts, 0);
  EXPECT_EQ(view.idempotency_key, one.deliveries[0].idempotency_key);
  EXPECT_TRUE(view.due_at.has_value());
  EXPECT_FALSE(view.completed_at.has_value());
  EXPECT_EQ(view.last_reason, "");
}

TEST_P(StoreContract, TheListIsNewestFirstAcrossLiveAndEnded) {
  const auto destination = new_destination();
  given_pending(destination, 5, 1);
  auto claims = claim(destination, 4);
  settle(success(copy(claims[0])));
  settle(retry(copy(claims[1])));
  settle(dead_letter(copy(claims[3])));
  EXPECT_THAT(event_ids(engine->query().list(acme, {})), ElementsAre("e5", "e4", "e3", "e2", "e1"));
}

TEST_P(StoreContract, TheListIsReadInPagesWithoutGapsOrRepeats) {
  const auto destination = new_destination();
  given_pending(destination, 25);
  for (auto& one : claim(destination, 12)) settle(success(std::move(one)));
  std::vector<DeliveryId> all, paged;
  for (const auto& view : engine->query().list(acme, {.limit = 200})) all.push_back(view.id);
  ASSERT_THAT(all, SizeIs(25));
  DeliveryFilter filter{.limit = 7};
  for (;;) {
    const auto page = engine->query().list(acme, filter);
    if (page.empty()) break;
    EXPECT_LE(page.size(), 7U);
    for (const auto& view : page) paged.push_back(view.id);
    filter.before = page.back().id;
  }
  EXPECT_EQ(paged, all);
}

TEST_P(StoreContract, EveryFilterSelectsItsOwn) {
  const auto a = new_destination(), b = new_destination();
  auto shared = event("e3");
  shared.correlation_id = "corr-e1";
  engine->store().insert({{new_event(event("e1"), {a, b}), new_event(event("e2"), {a}), new_event(shared, {b})}}, 0);
  settle(success(claim_one(a)));      // e1 at a
  settle(dead_letter(claim_one(a)));  // e2 at a
  settle(retry(claim_one(b)));        // e1 at b
  const auto ids = [&](const DeliveryFilter& filter) { return event_ids(engine->query().list(acme, filter)); };
  EXPECT_THAT(ids({.states = {DeliveryState::delivered}}), ElementsAre("e1"));
  EXPECT_THAT(ids({.states = {DeliveryState::dead_lettered}}), ElementsAre("e2"));
  EXPECT_THAT(ids({.states = {DeliveryState::failed}}), IsEmpty());
  EXPECT_THAT(ids({.states = {DeliveryState::retry_scheduled}}), ElementsAre("e1"));
  EXPECT_THAT(ids({.states = {DeliveryState::pending}}), ElementsAre("e3"));
  EXPECT_THAT(ids({.destinations = {a}}), ElementsAre("e2", "e1"));
  EXPECT_THAT(ids({.destinations = {b}}), ElementsAre("e3", "e1"));
  EXPECT_THAT(ids({.event_id = EventId::parse("e1")}), ElementsAre("e1", "e1"));
  EXPECT_THAT(ids({.event_id = EventId::parse("unknown")}), IsEmpty());
  EXPECT_THAT(ids({.correlation_id = "corr-e1"}), ElementsAre("e3", "e1", "e1"));
  EXPECT_THAT(ids({.correlation_id = "corr-e1", .limit = 2}), ElementsAre("e3", "e1"));
  EXPECT_THAT(ids({.event_id = EventId::parse("e1"), .correlation_id = "corr-e2"}), IsEmpty());
  EXPECT_THAT(ids({.states = {DeliveryState::delivered}, .destinations = {b}}), IsEmpty());
  EXPECT_THAT(ids({.states = {DeliveryState::dead_lettered}, .destinations = {a}}), ElementsAre("e2"));
  EXPECT_THAT(ids({.states = {DeliveryState::delivered}, .event_id = EventId::parse("e1")}), ElementsAre("e1"));
}

TEST_P(StoreContract, FiltersByReferenceTypeTimeAndLists) {
  // Ids carry the daemon's time, created_at the store's: they must not be far apart.
  engine->clock.jump(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
                     engine->clock.unix_now());
  const auto a = new_destination(), b = new_destination(), c = new_destination();
  auto other = event("e4");
  other.event_type = "ticket.closed";
  other.alert_id = "alert-e1";
  other.evidence_id = other.ticket_id = "";
  engine->store().insert(
      {{new_event(event("e1"), {a}), new_event(event("e2"), {b}), new_event(event("e3"), {c}), new_event(other, {a})}},
      0);
  settle(success(claim_one(a)));      // e1
  settle(dead_letter(claim_one(b)));  // e2
  const auto ids = [&](const DeliveryFilter& filter) { return event_ids(engine->query().list(acme, filter)); };
  EXPECT_THAT(ids({.alert_id = "alert-e1"}), ElementsAre("e4", "e1"));
  EXPECT_THAT(ids({.evidence_id = "evidence-e2"}), ElementsAre("e2"));
  EXPECT_THAT(ids({.ticket_id = "ticket-e3"}), ElementsAre("e3"));
  EXPECT_THAT(ids({.alert_id = "alert-e1", .ticket_id = "ticket-e1"}), ElementsAre("e1"));
  EXPECT_THAT(ids({.event_type = "ticket.closed", .alert_id = "alert-e1"}), ElementsAre("e4"));
  EXPECT_THAT(ids({.event_type = "ticket.closed"}), ElementsAre("e4"));
  EXPECT_THAT(ids({.event_type = "alert.created"}), ElementsAre("e3", "e2", "e1"));
  EXPECT_THAT(ids({.destinations = {a, b}}), ElementsAre("e4", "e2", "e1"));
  EXPECT_THAT(ids({.states = {DeliveryState::delivered, DeliveryState::dead_lettered}, .destinations = {a, b}}),
              ElementsAre("e2", "e1"));
  EXPECT_THAT(ids({.states = {DeliveryState::dead_lettered, DeliveryState::failed}}), ElementsAre("e2"));
  EXPECT_THAT(ids({.states = {DeliveryState::delivered, DeliveryState::pending}}), ElementsAre("e4", "e3", "e1"));
  EXPECT_THAT(ids({.not_live_at = {a, b}}), ElementsAre("e3", "e2", "e1"));
  EXPECT_THAT(ids({.not_live_at = {a}, .alert_id = "alert-e1"}), ElementsAre("e1"));
  const auto created = engine->query().list(acme, {.limit = 1}).at(0).created_at;
  EXPECT_THAT(ids({.created_from = created}), SizeIs(4));
  EXPECT_THAT(ids({.created_to = created}), IsEmpty());
  EXPECT_THAT(ids({.created_to = created + std::chrono::milliseconds{1}}), SizeIs(4));
  EXPECT_THAT(ids({.alert_id = "alert-e1", .created_to = created}), IsEmpty());
  EXPECT_THAT(ids({.created_from = created + std::chrono::milliseconds{1}}), IsEmpty());
}

TEST_P(StoreContract, TheLastAttemptIsSeenWithItsDelivery) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  EXPECT_EQ(engine->query().list(acme, {}).at(0).last_result, std::nullopt);
  settle(retry(claim_one(destination)));
  for (const auto& view :
       {engine->query().list(acme, {}).at(0), engine->query().list(acme, {.event_id = EventId::parse("e0")}).at(0),
        engine->query().find(acme, engine->query().list(acme, {}).at(0).id).value()}) {
    EXPECT_EQ(view.last_result, AttemptResult::retryable);
    EXPECT_EQ(view.last_http_status, 503);
    EXPECT_EQ(view.last_reason, "retryable_reason");
  }
}

TEST_P(StoreContract, ThePageSizeHasLimits) {
  given_pending(new_destination(), 201);
  EXPECT_THAT(engine->query().list(acme, {.limit = 1}), SizeIs(1));
  EXPECT_THAT(engine->query().list(acme, {.limit = 200}), SizeIs(200));
  EXPECT_THROW(engine->query().list(acme, {.limit = 0}), std::invalid_argument);
  EXPECT_THROW(engine->query().list(acme, {.limit = 201}), std::invalid_argument);
}

TEST_P(StoreContract, AnotherTenantsRowsDoNotExist) {
  const auto destination = new_destination();
  given_pending(destination, 2);
  auto ended = claim_one(destination);
  const auto delivery = ended->delivery;
  settle(success(std::move(ended)));
  engine->audit().append({entry(acme)});
  auto& query = engine->query();
  EXPECT_THAT(query.list(globex, {}), IsEmpty());
  EXPECT_THAT(query.list(globex, {.event_id = EventId::parse("e0")}), IsEmpty());
  EXPECT_THAT(query.list(globex, {.correlation_id = "corr-e0"}), IsEmpty());
  EXPECT_THAT(query.list(globex, {.destinations = {destination}}), IsEmpty());
  EXPECT_FALSE(query.find(globex, delivery).has_value());
  EXPECT_THAT(query.attempts(globex, delivery), IsEmpty());
  EXPECT_THAT(query.counts(globex), IsEmpty());
  EXPECT_THAT(engine->audit().read(globex, 0, 10), IsEmpty());
  EXPECT_THAT(query.attempts(acme, delivery), SizeIs(1));
}

TEST_P(StoreContract, AttemptsComeInOrder) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  DeliveryId delivery;
  for (int i = 0; i < 11; ++i) {
    auto one = claim_one(destination);
    delivery = one->delivery;
    settle(retry(std::move(one)));
    engine->make_all_due();
  }
  const auto attempts = attempts_of(delivery);
  ASSERT_THAT(attempts, SizeIs(11));
  for (int i = 0; i < 11; ++i) EXPECT_EQ(attempts[static_cast<std::size_t>(i)].number, i + 1);
  EXPECT_EQ(engine->query().find(acme, delivery)->last_reason, attempts.back().reason);
}

TEST_P(StoreContract, CountsAreByDestinationAndState) {
  const auto a = new_destination(), b = new_destination();
  given_pending(a, 6, 0);
  given_pending(b, 2, 100);
  auto claims = claim(a, 4);
  settle(success(copy(claims[0])));
  settle(success(copy(claims[1])));
  settle(retry(copy(claims[2])));
  std::map<std::pair<DestinationId, DeliveryState>, std::int64_t> counts;
  for (const auto& one : engine->query().counts(acme)) counts[{one.destination, one.state}] = one.count;
  EXPECT_THAT(counts, SizeIs(5));
  EXPECT_EQ((counts[{a, DeliveryState::delivered}]), 2);
  EXPECT_EQ((counts[{a, DeliveryState::retry_scheduled}]), 1);
  EXPECT_EQ((counts[{a, DeliveryState::delivering}]), 1);
  EXPECT_EQ((counts[{a, DeliveryState::pending}]), 2);
  EXPECT_EQ((counts[{b, DeliveryState::pending}]), 2);
}

}  // namespace
}  // namespace opi::test
