#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using delivery::EventFilter;
using delivery::EventPlace;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class EventQueryContract : public StoreContract {
 protected:
  // Of an event that is stored now, by either clock.
  delivery::NewEvent stored(const std::string& id, const std::vector<DestinationId>& destinations = {}) {
    auto one = new_event(event(id), destinations);
    engine->store().insert({{one}}, engine->catalog().revision());
    return one;
  }
  std::vector<std::string> ids(const EventFilter& filter, const TenantId& tenant) {
    std::vector<std::string> found;
    for (const auto& one : engine->events().list(tenant, filter)) found.push_back(one.event.event_id.str());
    return found;
  }
  std::vector<std::string> ids(const EventFilter& filter) { return ids(filter, acme); }
};

TEST_P(EventQueryContract, AnEventIsSeenWithItsProducerAndWithoutSubscribers) {
  const auto before = engine->now();
  stored("e1");
  stored("e2", {new_destination(), new_destination()});
  const auto alone = engine->events().find(acme, EventId::parse("e1").value());
  ASSERT_TRUE(alone);
  const auto& seen = alone->event;
  EXPECT_EQ(seen.tenant_id, acme);
  EXPECT_EQ(seen.event_id.str(), "e1");
  EXPECT_EQ(seen.event_type, "alert.created");
  EXPECT_EQ(seen.schema_version, "1.0");
  EXPECT_EQ(seen.source, "oneprotect/detector");
  EXPECT_EQ(seen.timestamp, "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(seen.correlation_id, "corr-e1");
  EXPECT_EQ(seen.causation_id, "cause-e1");
  EXPECT_EQ(seen.alert_id, "alert-e1");
  EXPECT_EQ(seen.evidence_id, "evidence-e1");
  EXPECT_EQ(seen.ticket_id, "ticket-e1");
  EXPECT_EQ(seen.producer, "token:opi_e1");
  EXPECT_EQ(seen.payload, "");
  EXPECT_GE(alone->received_at, before);
  EXPECT_LE(alone->received_at, engine->now());
  EXPECT_EQ(alone->deliveries, 0);
  EXPECT_EQ(engine->events().find(acme, EventId::parse("e2").value())->deliveries, 2);
  EXPECT_EQ(engine->events().payload(acme, EventId::parse("e1").value()), event("e1").payload);
}

TEST_P(EventQueryContract, TheListIsNewestFirstAndInPagesWithoutGapsOrRepeats) {
  const auto destination = new_destination();
  given_pending(destination, 5);  // of one moment
  for (int i = 5; i < 9; ++i) {
    engine->clock.advance(std::chrono::milliseconds{1});
    stored("e" + std::to_string(i), {destination});
  }
  const auto all = ids({.limit = 200});
  EXPECT_THAT(all, ElementsAre("e8", "e7", "e6", "e5", "e4", "e3", "e2", "e1", "e0"));
  std::vector<std::string> paged;
  EventFilter filter{.limit = 2};
  for (int page_number = 0; page_number < 10; ++page_number) {
    const auto page = engine->events().list(acme, filter);
    for (const auto& one : page) paged.push_back(one.event.event_id.str());
    if (page.size() < 2) break;
    filter.before = EventPlace{page.back().received_at, page.back().event.event_id.str()};
    EXPECT_EQ(EventPlace::parse(filter.before->to_string())->event_id, filter.before->event_id);
  }
  EXPECT_EQ(paged, all);
}

TEST_P(EventQueryContract, EveryFilterSelectsItsOwn) {
  const auto destination = new_destination();
  const auto one = stored("e1", {destination});
  auto other = event("e2");
  other.event_type = "alert.closed";
  other.source = "elsewhere";
  const auto live = new_event(other, {destination});
  engine->store().insert({{live}}, engine->catalog().revision());
  settle(success(claim_one(destination)));  // e1: its key is found in either table
  EXPECT_THAT(ids({.event_type = "alert.closed"}), ElementsAre("e2"));
  EXPECT_THAT(ids({.source = "elsewhere"}), ElementsAre("e2"));
  EXPECT_THAT(ids({.producer = "token:opi_e1"}), ElementsAre("e1"));
  EXPECT_THAT(ids({.correlation_id = "corr-e1"}), ElementsAre("e1"));
  EXPECT_THAT(ids({.alert_id = "alert-e2"}), ElementsAre("e2"));
  EXPECT_THAT(ids({.evidence_id = "evidence-e1"}), ElementsAre("e1"));
  EXPECT_THAT(ids({.ticket_id = "ticket-e2"}), ElementsAre("e2"));
  EXPECT_THAT(ids({.idempotency_key = one.deliveries[0].idempotency_key}), ElementsAre("e1"));
  EXPECT_THAT(ids({.idempotency_key = live.deliveries[0].idempotency_key}), ElementsAre("e2"));
  EXPECT_THAT(ids({.event_type = "alert.created", .alert_id = "alert-e2"}), IsEmpty());
  EXPECT_THAT(ids({.alert_id = "alert-e1", .ticket_id = "ticket-e2"}), IsEmpty());
  EXPECT_THAT(ids({.alert_id = ""}), IsEmpty());
  EXPECT_EQ(engine->query().find(acme, one.deliveries[0].idempotency_key), one.deliveries[0].id);
  EXPECT_EQ(engine->query().find(acme, live.deliveries[0].idempotency_key), live.deliveries[0].id);
  const auto only = engine->query().list(acme, {.only = live.deliveries[0].id});
  ASSERT_THAT(only, SizeIs(1));
  EXPECT_EQ(only[0].id, live.deliveries[0].id);

  const auto at = engine->events().find(acme, EventId::parse("e1").value())->received_at;
  const auto floor = UnixTime{std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds{at})};
  EXPECT_THAT(ids({.received_to = floor}), IsEmpty());
  EXPECT_THAT(ids({.received_from = floor}), SizeIs(2));
  EXPECT_THAT(ids({.received_from = floor + std::chrono::hours{1}}), IsEmpty());
  EXPECT_THAT(ids({.received_to = floor + std::chrono::hours{1}}), SizeIs(2));
  EXPECT_THROW(engine->events().list(acme, {.limit = 0}), std::invalid_argument);
  EXPECT_THROW(engine->events().list(acme, {.limit = 201}), std::invalid_argument);
}

TEST_P(EventQueryContract, AnotherTenantsEventsDoNotExist) {
  const auto destination = new_destination();
  const auto one = stored("e1", {destination});
  EXPECT_THAT(ids({}, globex), IsEmpty());
  EXPECT_THAT(ids({.alert_id = "alert-e1"}, globex), IsEmpty());
  EXPECT_THAT(ids({.idempotency_key = one.deliveries[0].idempotency_key}, globex), IsEmpty());
  EXPECT_FALSE(engine->events().find(globex, EventId::parse("e1").value()));
  EXPECT_FALSE(engine->events().payload(globex, EventId::parse("e1").value()));
  EXPECT_FALSE(engine->query().find(globex, one.deliveries[0].idempotency_key));
  EXPECT_THAT(engine->query().list(globex, {.only = one.deliveries[0].id}), IsEmpty());
}

// Audit records name it.
TEST_P(EventQueryContract, AClaimKnowsItsProducer) {
  const auto destination = new_destination();
  stored("e1", {destination});
  EXPECT_EQ(claim_one(destination)->event->producer, "token:opi_e1");
  engine->expire_leases();
  engine->clock.advance(std::chrono::hours{1});
  const auto taken = engine->store().take_over_expired(10, "daemon-2", std::chrono::seconds{30});
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0]->event->producer, "token:opi_e1");
}

TEST(EventPlaces, AreReadBackAndNothingElseIs) {
  const auto place = EventPlace::parse("1790000000000123.a.b:c");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->received_at, 1'790'000'000'000'123);
  EXPECT_EQ(place->event_id, "a.b:c");
  for (const char* text : {"", ".", "1.", ".e", "x.e", "1x.e", "-1.e", "1.e f", "99999999999999999999.e", " 1.e"})
    EXPECT_FALSE(EventPlace::parse(text)) << text;
}

INSTANTIATE_TEST_SUITE_P(Stores, EventQueryContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
