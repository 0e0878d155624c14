#include "demo/verification.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace opi::demo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One destination that wants alerts, two events of which one is an alert.
Scenario small_scenario() {
  Scenario scenario;
  scenario.tenants = {"t"};
  scenario.destinations = {{"t", "d1", "Desk", "healthy", "/healthy/t", {"alert.*"}}};
  scenario.events = {{"t", "e1", "alert.created", "{}"}, {"t", "e2", "ticket.created", "{}"}};
  return scenario;
}

ShownDelivery delivery(const std::string& event, DeliveryState state, int attempts = 1) {
  ShownDelivery shown;
  shown.id = "delivery-of-" + event;
  shown.destination = "d1";
  shown.event_id = event;
  shown.state = state;
  shown.attempts = attempts;
  if (is_terminal(state)) shown.completed_unix_ms = 10;
  return shown;
}

Expectation expecting(const Tally& tally) { return {{{"t", 2}}, {{"d1", tally}}}; }

TEST(CheckRouting, HoldsIfEachSubscribedEventHasOneDelivery) {
  EXPECT_THAT(check_routing(small_scenario(), {{"d1", {delivery("e1", DeliveryState::delivered)}}}).differences,
              IsEmpty());
}

TEST(CheckRouting, NamesMissingDoubledAndForeignDeliveries) {
  EXPECT_THAT(check_routing(small_scenario(), {}).differences,
              ElementsAre("t / Desk: deliveries of event e1: expected 1, actual 0"));
  const auto one = delivery("e1", DeliveryState::delivered);
  EXPECT_THAT(check_routing(small_scenario(), {{"d1", {one, one}}}).differences,
              ElementsAre("t / Desk: deliveries of event e1: expected 1, actual 2"));
  EXPECT_THAT(check_routing(small_scenario(), {{"d1", {one, delivery("e2", DeliveryState::delivered)}}}).differences,
              ElementsAre("t / Desk: deliveries of event e2: expected 0, actual 1"));
  EXPECT_THAT(check_routing(small_scenario(), {{"d1", {one, delivery("e9", DeliveryState::delivered)}}}).differences,
              ElementsAre(HasSubstr("e9")));
}

TEST(CheckTallies, NamesEveryNumberThatDiffers) {
  const Deliveries deliveries{{"d1", {delivery("e1", DeliveryState::dead_lettered, 3)}}};
  const Tally right{.dead_lettered = 1, .retried = 1, .attempts = 3, .duplicates = 2};
  const std::map<std::string, ReceivedCounts> received{{"/healthy/t", {.requests = 5, .duplicates = 2}}};
  EXPECT_THAT(check_tallies(small_scenario(), expecting(right), deliveries, received).differences, IsEmpty());
  for (const auto& field : tally_fields) {
    Tally wrong = right;
    wrong.*field.number += 1;
    EXPECT_THAT(check_tallies(small_scenario(), expecting(wrong), deliveries, received).differences,
                ElementsAre("t / Desk: " + std::string(field.name) + ": expected " +
                            std::to_string(wrong.*field.number) + ", actual " + std::to_string(right.*field.number)));
  }
}

TEST(CheckSignatures, NamesBadOnesLateOnesAndAReceiverThatSawNothing) {
  EXPECT_TRUE(check_signatures({{"/a", {.requests = 1}}}).holds());
  EXPECT_THAT(check_signatures({{"/a", {.requests = 3, .bad_signatures = 1, .outside_window = 2}}}).differences,
              ElementsAre("/a: bad signatures: expected 0, actual 1",
                          "/a: outside of the replay window: expected 0, actual 2"));
  EXPECT_FALSE(check_signatures({}).holds());
}

TEST(CheckMetrics, NamesCountersThatTellAnotherStory) {
  const Deliveries deliveries{{"d1", {delivery("e1", DeliveryState::delivered, 2)}}};
  std::map<std::string, double> metrics{{R"(opi_deliveries_ended_total{state="delivered"})", 1},
                                        {R"(opi_attempts_total{result="succeeded"})", 1},
                                        {R"(opi_attempts_total{result="retryable"})", 1},
                                        {R"(opi_events_total{result="accepted"})", 2},
                                        {R"(opi_events_total{result="duplicate"})", 1}};
  const std::map<std::string, int> results{{"succeeded", 1}, {"retryable", 1}};
  EXPECT_THAT(check_metrics(deliveries, results, {2, 1, 0}, metrics).differences, IsEmpty());
  metrics[R"(opi_attempts_total{result="retryable"})"] = 4;
  metrics[R"(opi_deliveries_ended_total{state="failed"})"] = 1;
  EXPECT_THAT(check_metrics(deliveries, results, {2, 1, 0}, metrics).differences,
              ElementsAre(R"(/metrics opi_deliveries_ended_total{state="failed"}: expected 0, actual 1)",
                          R"(/metrics opi_attempts_total{result="retryable"}: expected 1, actual 4)"));
}

TEST(CheckIntake, NamesEventsThatWereAnsweredOtherwise) {
  EXPECT_TRUE(check_intake(48, 16, {48, 16, 0}).holds());
  EXPECT_THAT(
      check_intake(48, 16, {47, 16, 1}).differences,
      ElementsAre("events accepted: expected 48, actual 47", "events answered as conflicts: expected 0, actual 1"));
}

TEST(CheckSilence, NamesTheFileThatHoldsASecretAndNotTheSecret) {
  const auto file = std::filesystem::path(testing::TempDir()) / "opi_demo_silence.log";
  std::ofstream(file) << "a line\nwith s3cret inside\n";
  EXPECT_TRUE(check_silence({"other"}, {file}).holds());
  const auto check = check_silence({"other", "s3cret"}, {file});
  ASSERT_EQ(check.differences.size(), 1U);
  EXPECT_THAT(check.differences[0], HasSubstr(file.string()));
  EXPECT_THAT(check.differences[0], testing::Not(HasSubstr("s3cret")));
  std::filesystem::remove(file);
}

TEST(Story, IsOverWhenAllHaveEndedOrWaitWhereWaitingIsExpected) {
  auto scenario = small_scenario();
  scenario.events.push_back({"t", "e3", "alert.updated", "{}"});
  const auto over = [&](int waiting, std::vector<ShownDelivery> own) {
    return expecting({.waiting = waiting}).is_over(scenario, {{"d1", std::move(own)}});
  };
  using enum DeliveryState;
  EXPECT_FALSE(expecting({}).is_over(scenario, {}));
  EXPECT_FALSE(over(0, {delivery("e1", delivered)})) << "one is missing";
  EXPECT_TRUE(over(0, {delivery("e1", delivered), delivery("e3", failed)}));
  EXPECT_FALSE(over(0, {delivery("e1", delivered), delivery("e3", pending)}));
  EXPECT_TRUE(over(1, {delivery("e1", dead_lettered), delivery("e3", pending)}));
  EXPECT_FALSE(over(1, {delivery("e1", pending), delivery("e3", pending)})) << "nothing was tried yet";
  EXPECT_FALSE(over(1, {delivery("e1", dead_lettered), delivery("e3", retry_scheduled)}));
  EXPECT_FALSE(over(1, {delivery("e1", dead_lettered), delivery("e3", delivering)}));
}

TEST(Percentile, IsTheNearestRank) {
  EXPECT_EQ(percentile({7}, 50), 7);
  EXPECT_EQ(percentile({4, 1, 3, 2}, 50), 2);
  EXPECT_EQ(percentile({4, 1, 3, 2}, 95), 4);
  std::vector<std::int64_t> hundred;
  for (int i = 100; i >= 1; --i) hundred.push_back(i);
  EXPECT_EQ(percentile(hundred, 95), 95);
  EXPECT_EQ(percentile(hundred, 50), 50);
}

}  // namespace
}  // namespace opi::demo
