#include <gtest/gtest.h>

#include "domain/timestamp.hpp"
#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

class FeedAndHealth : public test::WithApi {
 protected:
  void deliver(const std::string& id, int status, const std::string& tenant = "acme") {
    clock.advance(1ms);
    engine().intake.submit({test::event(id, "1", tenant)});
    dispatch();
    while (!transport.under_way.empty()) transport.answer(status);
    engine().settler.run_once();
  }
  std::string types(const Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    std::string all;
    const auto body = json(response);
    for (const auto& row : body.at("delivery_events").as_array())
      all += (all.empty() ? "" : ",") + text(row.at("event_type")).substr(16);
    return all;
  }
  Response feed_page(std::map<std::string, std::string> parameters = {}) {
    return get("/api/v1/delivery-events", std::move(parameters));
  }
  boost::json::object health_body(std::map<std::string, std::string> parameters = {}) {
    const auto response = get("/api/v1/delivery-health", std::move(parameters));
    EXPECT_EQ(response.status, 200) << response.body;
    return json(response);
  }
};

TEST_F(FeedAndHealth, TheFeedIsAscendingInTheEnvelope) {
  deliver("e-1", 200);
  deliver("e-2", 400);
  deliver("e-3", 503);
  deliver("t-1", 200, "globex");
  const auto response = feed_page();
  EXPECT_EQ(types(response), "succeeded,dead_lettered,retry_scheduled");
  const auto body = json(response);
  const auto& first = body.at("delivery_events").as_array()[0].as_object();
  std::set<std::string> members;
  for (const auto& member : first) members.insert(member.key());
  EXPECT_EQ(members, (std::set<std::string>{"event_id", "event_type", "schema_version", "tenant_id", "source",
                                            "timestamp", "correlation_id", "causation_id", "payload"}));
  EXPECT_EQ(text(first.at("causation_id")), "e-1");
  EXPECT_EQ(text(first.at("payload").at("state")), "delivered");
  EXPECT_TRUE(body.at("next_cursor").is_null());
  EXPECT_EQ(text(body.at("resume_cursor")), "3");
}

TEST_F(FeedAndHealth, TheFeedIsReadOnBehindItsCursor) {
  for (int i = 0; i < 5; ++i) deliver("e-" + std::to_string(i), i % 2 == 0 ? 200 : 400);
  auto page = json(feed_page({{"limit", "2"}}));
  EXPECT_EQ(text(page.at("next_cursor")), "2");
  EXPECT_EQ(types(feed_page({{"cursor", "2"}, {"limit", "2"}})), "succeeded,dead_lettered");
  EXPECT_EQ(types(feed_page({{"cursor", "4"}})), "succeeded");
  EXPECT_EQ(text(json(feed_page({{"cursor", "5"}})).at("resume_cursor")), "5");
  EXPECT_EQ(types(feed_page({{"types", "ticket.delivery.dead_lettered"}})), "dead_lettered,dead_lettered");
  page = json(feed_page({{"types", "ticket.delivery.dead_lettered"}}));
  EXPECT_EQ(text(page.at("resume_cursor")), "5") << "what is of other types was passed";
  EXPECT_EQ(types(feed_page({{"types", "ticket.delivery.failed,ticket.delivery.succeeded"}, {"limit", "1"}})),
            "succeeded");
}

TEST_F(FeedAndHealth, FeedParametersAreChecked) {
  EXPECT_EQ(errors(feed_page({{"cursor", "-1"}, {"types", "ticket.*"}, {"limit", "0"}, {"state", "x"}})),
            "state: is not a parameter of this resource\ncursor: must be a cursor of an earlier page\n"
            "types: must be ticket.delivery.* types with commas between\nlimit: must be 1 to 200");
  EXPECT_EQ(feed_page({{"event_type", "alert.created"}}).status, 400);
  EXPECT_EQ(get("/api/v1/delivery-events", {}, Role::producer).status, 403);
}

TEST_F(FeedAndHealth, HealthTellsTotalsDestinationsAndASeries) {
  deliver("e-1", 200);
  deliver("e-2", 400);
  deliver("e-3", 503);
  const auto body = health_body();
  const auto& totals = body.at("totals").as_object();
  EXPECT_EQ(totals.at("active_destinations").as_int64(), 1);
  EXPECT_EQ(totals.at("delivered").as_int64(), 1);
  EXPECT_EQ(totals.at("dead_lettered").as_int64(), 1);
  EXPECT_EQ(totals.at("parked").as_int64(), 1);
  EXPECT_EQ(totals.at("retry_scheduled").as_int64(), 1);
  EXPECT_EQ(totals.at("retried").as_int64(), 1);
  EXPECT_EQ(totals.at("held_deliveries").as_int64(), 0);
  EXPECT_EQ(totals.at("latency_ms_mean").as_int64(), 20);
  ASSERT_EQ(body.at("destinations").as_array().size(), 1u);
  const auto& row = body.at("destinations").as_array()[0].as_object();
  EXPECT_EQ(text(row.at("name")), "destination 1");
  EXPECT_EQ(text(row.at("last_result").at("state")), "retry_scheduled");
  EXPECT_EQ(row.at("last_result").at("http_status").as_int64(), 503);
  const auto& series = body.at("series").as_array();
  EXPECT_EQ(body.at("bucket_ms").as_int64(), 300'000);
  EXPECT_GE(series.size(), 288u);
  EXPECT_LE(series.size(), 289u);
  EXPECT_EQ(series.back().at("delivered").as_int64() + series[series.size() - 2].at("delivered").as_int64(), 1);
  EXPECT_EQ(series.front().at("delivered").as_int64(), 0);
}

TEST_F(FeedAndHealth, WhatADisabledDestinationHoldsIsCountedAsHeld) {
  deliver("e-1", 503);
  auto d = test::destination(1);
  d.enabled = false;
  put(d);
  engine().catalog.refresh();
  engine().intake.submit({test::event("e-2")});
  const auto body = health_body();
  EXPECT_EQ(body.at("totals").at("held_deliveries").as_int64(), 2);
  EXPECT_EQ(body.at("totals").at("active_destinations").as_int64(), 0);
  EXPECT_EQ(body.at("totals").at("disabled_destinations").as_int64(), 1);
  EXPECT_EQ(body.at("totals").at("held_destinations").as_int64(), 1);
  EXPECT_EQ(body.at("destinations").as_array()[0].at("held_deliveries").as_int64(), 2);
  EXPECT_EQ(text(body.at("destinations").as_array()[0].at("held").at("cause")), "disabled");
}

TEST_F(FeedAndHealth, TheWindowIsTheCallersWithinLimits) {
  const auto now = clock.unix_now();
  const auto window = [&](std::chrono::milliseconds length) {
    return std::map<std::string, std::string>{{"from", to_rfc3339(now - length)}, {"to", to_rfc3339(now)}};
  };
  EXPECT_EQ(health_body(window(7 * 24h)).at("bucket_ms").as_int64(), 3'600'000);
  const auto longest = health_body(window(400 * 24h));
  EXPECT_EQ(longest.at("bucket_ms").as_int64(), 86'400'000);
  EXPECT_LE(longest.at("series").as_array().size(), 402u);
  EXPECT_EQ(errors(get("/api/v1/delivery-health", window(400 * 24h + 1ms))),
            "from: must be at most 400 days before to");
  EXPECT_EQ(errors(get("/api/v1/delivery-health", window(0ms))), "from: must be before to");
  EXPECT_EQ(errors(get("/api/v1/delivery-health", {{"from", "x"}, {"days", "1"}})),
            "days: is not a parameter of this resource\nfrom: must be RFC 3339");
}

}  // namespace
}  // namespace opi::api
