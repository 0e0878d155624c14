#include "demo/scenario.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "delivery/envelope.hpp"
#include "delivery/provisioning.hpp"
#include "demo/tally.hpp"

namespace opi::demo {
namespace {

const Scenario& scenario() {
  static const Scenario loaded = load_scenario(OPI_ETC_DEMO);
  return loaded;
}

delivery::ParsedEvent parsed(const DemoEvent& event) {
  auto result = delivery::parse_envelope(event.text);
  if (const auto* errors = std::get_if<std::vector<delivery::FieldError>>(&result))
    throw std::runtime_error(event.id + ": " + errors->front().field + " " + errors->front().message);
  return std::get<delivery::ParsedEvent>(std::move(result));
}

TEST(DemoEvents, AreManyAndOfTwoTenantsAndOfEveryKind) {
  EXPECT_GE(scenario().events.size(), 44U);
  EXPECT_THAT(scenario().tenants, testing::SizeIs(2));
  std::set<std::string> types;
  for (const auto& event : scenario().events) types.insert(event.type);
  EXPECT_THAT(types, testing::IsSupersetOf({"alert.created", "alert.updated", "alert.escalated", "alert.resolved",
                                            "evidence.created", "evidence.sealed", "ticket.created", "ticket.updated",
                                            "ticket.commented", "ticket.closed"}));
}

TEST(DemoEvents, AreTakenByTheRealEnvelopeReader) {
  for (const auto& event : scenario().events) EXPECT_NO_THROW(parsed(event));
}

TEST(DemoEvents, TellStoriesWhoseIdsHangTogether) {
  std::map<std::string, Event> earlier;
  for (const auto& line : scenario().events) {
    const auto event = parsed(line).event;
    EXPECT_FALSE(event.correlation_id.empty()) << line.id;
    EXPECT_FALSE(event.alert_id.empty() && event.evidence_id.empty() && event.ticket_id.empty()) << line.id;
    if (!event.causation_id.empty()) {
      const auto cause = earlier.find(event.causation_id);
      ASSERT_NE(cause, earlier.end()) << line.id << " has a cause that did not come before it";
      EXPECT_EQ(cause->second.correlation_id, event.correlation_id) << line.id;
      EXPECT_EQ(cause->second.tenant_id, event.tenant_id) << line.id;
      EXPECT_LE(cause->second.timestamp, event.timestamp) << line.id;
    }
    EXPECT_TRUE(earlier.emplace(line.id, event).second) << line.id << " stands there twice";
  }
}

TEST(DemoEvents, HoldOnePayloadNearTheLimit) {
  std::size_t largest = 0;
  for (const auto& event : scenario().events) largest = std::max(largest, parsed(event).event.payload.size());
  EXPECT_GE(largest, EventLimits::payload_bytes * 95 / 100);
  EXPECT_LE(largest, EventLimits::payload_bytes);
}

TEST(DemoEvents, HoldTextBeyondAscii) {
  std::string all;
  for (const auto& event : scenario().events) all += event.text;
  for (const char* text : {"Überweisung", "東京", "ليلى", "🔒"}) EXPECT_THAT(all, testing::HasSubstr(text));
}

TEST(DemoDestinations, AreAValidDocumentOnceFilledIn) {
  const auto text = fill(scenario().destinations_template, {{"RECEIVER_PORT", "4711"}, {"DOWN_PORT", "4712"}});
  const auto provision = delivery::parse_provision(text);
  ASSERT_TRUE(std::holds_alternative<delivery::Provision>(provision));
  EXPECT_EQ(std::get<delivery::Provision>(provision).destinations.size(), scenario().destinations.size());
}

TEST(DemoDestinations, PlayEveryPartAndHearOfSomething) {
  std::set<std::string> parts;
  for (const auto& destination : scenario().destinations) {
    parts.insert(destination.part);
    EXPECT_GT(scenario().subscribed_events(destination), 0) << destination.name;
  }
  EXPECT_THAT(parts, testing::UnorderedElementsAre("healthy", "flaky", "throttling", "rejecting", "gone", "slow",
                                                   "resetting", "down"));
}

TEST(DemoExpectation, CountsWhatTheSubscriptionsSay) {
  const auto expectation = load_expectation(std::filesystem::path(OPI_ETC_DEMO) / "expected.json", scenario());
  for (const auto& [tenant, count] : expectation.events)
    EXPECT_EQ(static_cast<int>(scenario().events_of(tenant).size()), count) << tenant;
  for (const auto& destination : scenario().destinations) {
    const auto& tally = expectation.tallies.at(destination.id);
    EXPECT_EQ(tally.delivered + tally.failed + tally.dead_lettered + tally.waiting,
              scenario().subscribed_events(destination))
        << destination.name;
  }
}

TEST(Fill, PutsValuesInPlaceAndLeavesOtherSignsAlone) {
  EXPECT_EQ(fill("a@b.example @X@/@X@@Y_Z@", {{"X", "1"}, {"Y_Z", "@X@"}}), "a@b.example 1/1@X@");
  EXPECT_EQ(fill("", {}), "");
  EXPECT_EQ(fill("@", {}), "@");
}

TEST(Fill, RefusesANameWithoutAValue) {
  EXPECT_THROW(
      {
        try {
          (void)fill("port=@PORT@", {});
        } catch (const std::runtime_error& error) {
          EXPECT_THAT(error.what(), testing::HasSubstr("@PORT@"));
          throw;
        }
      },
      std::runtime_error);
}

}  // namespace
}  // namespace opi::demo
