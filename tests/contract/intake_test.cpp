#include "contract/store_contract.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

using delivery::InsertResult;
using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

TEST_P(StoreContract, InsertMakesOnePendingDeliveryPerDestinationDueNow) {
  const auto a = new_destination(), b = new_destination();
  const auto one = new_event(event("e1"), {a, b});
  const auto report = engine->store().insert({{one}}, 0);
  EXPECT_FALSE(report.catalog_changed);
  EXPECT_THAT(report.results, ElementsAre(InsertResult::accepted));
  for (const auto& made : one.deliveries) EXPECT_EQ(state_of(made.id), DeliveryState::pending);
  EXPECT_THAT(claim(a), SizeIs(1));
  EXPECT_THAT(claim(b), SizeIs(1));
}

TEST_P(StoreContract, InsertOfNothingAnswersNothing) {
  const auto report = engine->store().insert({}, 0);
  EXPECT_FALSE(report.catalog_changed);
  EXPECT_THAT(report.results, SizeIs(0));
}

TEST_P(StoreContract, AnEventWithoutDestinationsIsStoredAlone) {
  EXPECT_THAT(engine->store().insert({{new_event(event("e1"), {})}}, 0).results, ElementsAre(InsertResult::accepted));
  EXPECT_EQ(rows("integration_events"), 1);
  EXPECT_EQ(rows("integration_outbox"), 0);
}

TEST_P(StoreContract, SameIdAndContentIsADuplicateThatChangesNothing) {
  const auto destination = new_destination();
  const auto one = new_event(event("e1"), {destination});
  engine->store().insert({{one}}, 0);
  const auto again = new_event(event("e1"), {destination});
  EXPECT_THAT(engine->store().insert({{again}}, 0).results, ElementsAre(InsertResult::duplicate));
  EXPECT_EQ(rows("integration_outbox"), 1);
  EXPECT_EQ(claim_one(destination)->delivery, one.deliveries[0].id);
}

TEST_P(StoreContract, SameIdWithOtherContentIsAConflictThatChangesNothing) {
  const auto destination = new_destination();
  engine->store().insert({{new_event(event("e1"), {destination})}}, 0);
  auto other = event("e1");
  other.payload = R"({"other":true})";
  EXPECT_THAT(engine->store().insert({{new_event(other, {destination})}}, 0).results,
              ElementsAre(InsertResult::conflict));
  EXPECT_EQ(rows("integration_outbox"), 1);
  EXPECT_EQ(claim_one(destination)->event->payload, event("e1").payload);
}

TEST_P(StoreContract, EventIdsAreSeparatePerTenant) {
  const auto destination = new_destination();
  const auto report = engine->store().insert(
      {{new_event(event("e1", acme), {destination}), new_event(event("e1", globex), {destination})}}, 0);
  EXPECT_THAT(report.results, Each(InsertResult::accepted));
  EXPECT_THAT(claim(destination), SizeIs(2));
}

TEST_P(StoreContract, OneBatchMayMixAllResultsAndKeepsTheirOrder) {
  const auto destination = new_destination();
  given_pending(destination, 2, 1);  // e1, e2
  auto changed = event("e2");
  changed.payload = "{}";
  const auto report =
      engine->store().insert({{new_event(event("e9"), {destination}), new_event(changed, {destination}),
                               new_event(event("e1"), {destination}), new_event(event("e0"), {destination})}},
                             0);
  EXPECT_THAT(report.results, ElementsAre(InsertResult::accepted, InsertResult::conflict, InsertResult::duplicate,
                                          InsertResult::accepted));
  EXPECT_EQ(rows("integration_outbox"), 4);
}

TEST_P(StoreContract, DeliveriesMadeFromAnOlderCatalogAreNotStored) {
  ASSERT_TRUE(engine->catalog().put_tenant({acme, "Acme", {}}, entry(acme)));
  const auto report = engine->store().insert({{new_event(event("e1"), {new_destination()})}}, 0);
  EXPECT_TRUE(report.catalog_changed);
  EXPECT_EQ(rows("integration_events"), 0);
  EXPECT_EQ(rows("integration_outbox"), 0);
}

TEST_P(StoreContract, StoredTellsWhichEventsAreThereWithThisContent) {
  const auto one = new_event(event("e1"), {new_destination()});
  engine->store().insert({{one}}, 0);
  auto changed = one;
  changed.content_hash[0] ^= 1;
  const auto answer = engine->store().stored({{one, changed, new_event(event("e2"), {})}});
  EXPECT_THAT(answer, ElementsAre(true, false, false));
}

TEST_P(StoreContract, ABatchOfFiveHundredEventsIsOneInsert) {
  const auto destination = new_destination();
  given_pending(destination, 500);
  EXPECT_THAT(claim(destination, 500), SizeIs(500));
}

std::string utf8_payload(std::size_t bytes) {
  std::string text = R"({"text":")";
  while (text.size() + 4 + 2 <= bytes) text += "🛡";
  while (text.size() + 2 < bytes) text += 'x';
  return text + "\"}";
}

TEST_P(StoreContract, APayloadAtItsLimitComesBackByteForByte) {
  const auto destination = new_destination();
  auto big = event("e1");
  big.payload = utf8_payload(EventLimits::payload_bytes);
  ASSERT_EQ(big.payload.size(), EventLimits::payload_bytes);
  EXPECT_THAT(engine->store().insert({{new_event(big, {destination})}}, 0).results,
              ElementsAre(InsertResult::accepted));
  EXPECT_EQ(claim_one(destination)->event->payload, big.payload);
}

TEST_P(StoreContract, APayloadBeyondItsLimitIsRefusedAndNothingIsStored) {
  auto big = event("e1");
  big.payload = utf8_payload(EventLimits::payload_bytes + 1);
  EXPECT_THROW(engine->store().insert({{new_event(event("e0"), {}), new_event(big, {})}}, 0), StoreRefused);
  EXPECT_EQ(rows("integration_events"), 0);
}

TEST_P(StoreContract, TextsAtTheirLimitsAreStoredAndBeyondThemRefused) {
  const auto at = [&](std::size_t extra) {
    auto long_event = event("e1");
    long_event.event_id = EventId::parse(std::string(EventTag::max_length, 'i')).value();
    long_event.event_type = std::string(EventLimits::event_type_length, 't');
    long_event.schema_version = std::string(EventLimits::schema_version_length, '1');
    long_event.source = std::string(EventLimits::source_length + extra, 's');
    for (auto* reference : {&long_event.correlation_id, &long_event.causation_id, &long_event.alert_id,
                            &long_event.evidence_id, &long_event.ticket_id})
      *reference = std::string(EventLimits::reference_length, 'r');
    return long_event;
  };
  EXPECT_THROW(engine->store().insert({{new_event(at(1), {})}}, 0), StoreRefused);
  EXPECT_THAT(engine->store().insert({{new_event(at(0), {})}}, 0).results, ElementsAre(InsertResult::accepted));
}

TEST_P(StoreContract, ARefusalNeverRepeatsTheContent) {
  auto bad = event("e1");
  bad.source = std::string(EventLimits::source_length, 's') + "geheim";
  try {
    engine->store().insert({{new_event(bad, {})}}, 0);
    FAIL() << "was not refused";
  } catch (const StoreRefused& refusal) {
    EXPECT_THAT(refusal.what(), testing::Not(testing::HasSubstr("geheim")));
  }
}

}  // namespace
}  // namespace opi::test
