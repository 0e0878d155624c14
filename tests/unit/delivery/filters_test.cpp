#include "delivery/filters.hpp"

#include <gmock/gmock.h>

#include "delivery/feed_publisher.hpp"
#include "delivery/provisioning.hpp"
#include "sqlite/sqlite_delivery_feed.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FilteredDestinations : public test::WithEngine {
 protected:
  void given(int n, const std::string& filter) {
    auto one = test::destination(n);
    one.subscriptions = {"alert.*"};
    one.filter = filter;
    put(one);
    engine().catalog.refresh();
  }
  void publish(const std::string& id, const std::string& payload, const std::string& type = "alert.created") {
    clock.advance(std::chrono::milliseconds{1});
    auto event = test::event(id);
    event.event.payload = payload;
    event.event.event_type = type;
    engine().intake.submit({event});
  }
  std::vector<std::string> events_of(int n) {
    std::vector<std::string> ids;
    for (const auto& one : query.list(*TenantId::parse("acme"), {.destinations = {test::destination_id(n)}}))
      ids.push_back(one.event_id.str());
    return ids;
  }
};

TEST_F(FilteredDestinations, AreGivenWhatTheirFilterHoldsOf) {
  given(1, "@.payload.severity >= 7 && @.payload.tags[?@ == 'crown']");
  given(2, "");
  given(3, "@.event_type == 'alert.created' && @.source == 'test' && @.tenant_id == 'acme'");
  publish("e-1", R"({"severity":8,"tags":["crown"]})");
  publish("e-2", R"({"severity":8})");
  publish("e-3", R"({"severity":6,"tags":["crown"]})", "alert.changed");
  publish("e-4", R"({"severity":8,"tags":["crown"]})", "ticket.created");
  EXPECT_THAT(events_of(1), ElementsAre("e-1"));
  EXPECT_THAT(events_of(2), ElementsAre("e-3", "e-2", "e-1"));
  EXPECT_THAT(events_of(3), ElementsAre("e-2", "e-1"));
}

// Twenty thousand numbers are looked at by one filter, but not by two.
TEST_F(FilteredDestinations, AreGivenAnEventThatCostsThemTooMuchTogether) {
  given(1, "@.payload.list[?@ == 7]");
  std::string list = "1";
  for (int i = 1; i < 20'000; ++i) list += ",1";
  publish("e-1", "{\"list\":[" + list + "]}");
  EXPECT_THAT(events_of(1), testing::IsEmpty());
  EXPECT_EQ(engine().metrics.filters_given_up.Value(), 0);
  for (int n = 2; n <= 4; ++n) given(n, "@.payload.list[?@ == " + std::to_string(n) + "]");
  publish("e-2", "{\"list\":[" + list + "]}");
  int unfiltered = 0;
  for (int n = 1; n <= 4; ++n) unfiltered += static_cast<int>(events_of(n).size());
  EXPECT_EQ(unfiltered, 3) << "one was looked at to its end";
  EXPECT_EQ(engine().metrics.filters_given_up.Value(), 1);
  publish("e-3", R"({"list":[1]})");
  for (int n = 1; n <= 4; ++n) EXPECT_THAT(events_of(n), testing::Not(testing::Contains("e-3")));
}

TEST_F(FilteredDestinations, FollowTheirFilterAsItIsNow) {
  given(1, "@.payload.a == 1");
  publish("e-1", R"({"a":2})");
  given(1, "@.payload.a == 2");
  publish("e-2", R"({"a":2})");
  publish("e-3", R"({"a":1})");
  EXPECT_THAT(events_of(1), ElementsAre("e-2"));
}

TEST_F(FilteredDestinations, AreGivenEverythingIfTheirFilterCannotBeRead) {
  given(1, "@.payload.severity >=");
  publish("e-1", "{}");
  EXPECT_THAT(events_of(1), ElementsAre("e-1"));
  const auto& filters = engine().catalog.filters();
  EXPECT_FALSE(filters.can_read("@.payload.severity >="));
  const auto stored = catalog_store.load().destinations.at(test::destination_id(1));
  const auto fault = filter_fault(*stored).value();
  EXPECT_EQ(fault.offset, 21U);
  EXPECT_THAT(fault.message, HasSubstr("at offset 21: expected @"));
}

TEST_F(FilteredDestinations, OfAnOlderCatalogAreJudgedByTheirOwnFilter) {
  given(1, "@.payload.a == 1");
  const auto older = *catalog_store.load().destinations.at(test::destination_id(1));
  given(1, "@.payload.a == 2");
  const auto event = [](const char* payload) {
    auto parsed = test::event("e-1");
    parsed.event.payload = payload;
    return parsed.event;
  };
  const auto one = event(R"({"a":1})"), two = event(R"({"a":2})"), none = event("not JSON");
  FilterSubject first(one), second(two), third(none);
  EXPECT_TRUE(engine().catalog.filters().pass(older, first));
  EXPECT_FALSE(engine().catalog.filters().pass(older, second));
  EXPECT_TRUE(engine().catalog.filters().pass(older, third)) << "what cannot be looked into is delivered";
}

TEST_F(FilteredDestinations, AreGivenThoseDeliveryEventsThatTheirFilterHoldsOf) {
  auto listener = test::destination(2);
  listener.subscriptions = {"ticket.delivery.*"};
  listener.filter = "@.correlation_id == 'c-e-2'";
  put(listener);
  given(1, "");
  sqlite::SqliteDeliveryFeed feed{database};
  FeedPublisher publisher{feed, store, engine().catalog, engine().news, engine().instruments, {}};
  publisher.run_once();
  publish("e-1", "{}");
  publish("e-2", "{}");
  clock.advance(std::chrono::hours{10});
  dispatch();
  while (!transport.under_way.empty()) transport.answer(200);
  engine().settler.run_once();
  publisher.run_once();
  const auto told = query.list(*TenantId::parse("acme"), {.destinations = {test::destination_id(2)}});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].correlation_id, "c-e-2");
}

TEST(FilterSubjectOfAnEvent, HasTheMembersOfTheEnvelopeThatThereAre) {
  auto event = test::event("e-1").event;
  event.correlation_id.clear();
  FilterSubject subject(event);
  const auto& envelope = subject.value()->as_object();
  std::vector<std::string> names;
  for (const auto& member : envelope) names.emplace_back(member.key());
  EXPECT_THAT(names,
              ElementsAre("event_id", "event_type", "schema_version", "tenant_id", "source", "timestamp", "payload"));
}

std::vector<FieldError> faults_of(const std::string& filter) {
  const auto parsed = parse_provision(
      R"({"tenants":[{"tenant_id":"acme","name":"A","destinations":[{"destination_id":"01890000-0000-7000-8000-000000000001",
          "name":"d","adapter":"webhook","endpoint":"https://x.example","event_types":["*"],"filter":)" +
      filter + "}]}]}");
  const auto* errors = std::get_if<std::vector<FieldError>>(&parsed);
  return errors == nullptr ? std::vector<FieldError>{} : *errors;
}

TEST(FilterOfADocument, IsReadWithThePlaceOfItsFault) {
  EXPECT_TRUE(faults_of(R"("@.payload.severity >= 7\n\t&& @.source")").empty());
  EXPECT_TRUE(faults_of("null").empty());
  const auto faults = faults_of(R"("@.a == 'é' &&& @.b")");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].field, "tenants[0].destinations[0].filter");
  EXPECT_EQ(faults[0].offset, 13U);
  EXPECT_THAT(faults_of("7").at(0).message, HasSubstr("must be a string or null"));
  EXPECT_THAT(faults_of(R"("")").at(0).message, HasSubstr("at offset 0: expected @"));
  EXPECT_THAT(faults_of(R"("@.a == '\u202e'")").at(0).message, HasSubstr("control characters"));
  EXPECT_TRUE(faults_of("\"@.a == '" + std::string(DestinationLimits::filter_length - 9, 'x') + "'\"").empty());
  EXPECT_THAT(faults_of("\"@.a == '" + std::string(DestinationLimits::filter_length - 8, 'x') + "'\"").at(0).message,
              HasSubstr("longer than 2048 bytes"));
}

}  // namespace
}  // namespace opi::delivery
