#include <gtest/gtest.h>

#include "domain/timestamp.hpp"
#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

class Deliveries : public test::WithApi {
 protected:
  // The event ids of a page, comma-separated.
  std::string ids(const Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    std::string all;
    const auto body = json(response);
    for (const auto& row : body.at("deliveries").as_array()) all += (all.empty() ? "" : ",") + text(row.at("event_id"));
    return all;
  }
  std::string list(std::map<std::string, std::string> parameters = {}) {
    return ids(get("/api/v1/deliveries", std::move(parameters)));
  }
  void publish(const std::string& id, const std::string& tenant = "acme") {
    clock.advance(1ms);  // ids are ordered by time
    engine().intake.submit({test::event(id, "1", tenant)});
  }
  void deliver_all(int status) {
    dispatch();
    while (!transport.under_way.empty()) transport.answer(status);
    engine().settler.run_once();
  }
};

TEST_F(Deliveries, AreListedNewestFirstWithTheirReferences) {
  publish("e-1");
  publish("e-2");
  EXPECT_EQ(list(), "e-2,e-1");
  const auto first = json(get("/api/v1/deliveries")).at("deliveries").as_array()[0].as_object();
  std::set<std::string> members;
  for (const auto& member : first) members.insert(member.key());
  EXPECT_EQ(members, (std::set<std::string>{"delivery_id", "destination_id", "event_id", "event_type", "state",
                                            "attempts", "idempotency_key", "correlation_id", "alert_id", "evidence_id",
                                            "ticket_id", "created_at", "due_at", "completed_at", "last_reason", "held",
                                            "last_http_status", "last_result"}));
  EXPECT_EQ(text(first.at("state")), "pending");
  EXPECT_EQ(text(first.at("correlation_id")), "c-e-2");
  EXPECT_TRUE(first.at("ticket_id").is_null());
  EXPECT_TRUE(first.at("completed_at").is_null());
  EXPECT_EQ(text(first.at("idempotency_key")).size(), 64u);
}

TEST_F(Deliveries, AreFiltered) {
  publish("e-1");
  deliver_all(200);
  publish("e-2");
  deliver_all(400);
  publish("e-3");
  EXPECT_EQ(list({{"state", "delivered"}}), "e-1");
  EXPECT_EQ(list({{"state", "dead_lettered"}}), "e-2");
  EXPECT_EQ(list({{"state", "pending"}}), "e-3");
  EXPECT_EQ(list({{"state", "failed"}}), "");
  EXPECT_EQ(list({{"event_id", "e-2"}}), "e-2");
  EXPECT_EQ(list({{"correlation_id", "c-e-1"}}), "e-1");
  EXPECT_EQ(list({{"destination_id", test::destination_id(1).to_string()}}), "e-3,e-2,e-1");
  EXPECT_EQ(list({{"destination_id", test::destination_id(2).to_string()}}), "");
  EXPECT_EQ(list({{"state", "pending"}, {"event_id", "e-1"}}), "");
}

TEST_F(Deliveries, AreFilteredByLists) {
  publish("e-1");
  deliver_all(200);
  publish("e-2");
  deliver_all(400);
  publish("e-3");
  EXPECT_EQ(list({{"state", "delivered,dead_lettered"}}), "e-2,e-1");
  EXPECT_EQ(list({{"state", "pending,delivered"}}), "e-3,e-1");
  const auto one = test::destination_id(1).to_string(), two = test::destination_id(2).to_string();
  EXPECT_EQ(list({{"destination_id", two + "," + one}}), "e-3,e-2,e-1");
  EXPECT_EQ(list({{"destination_id", one}, {"state", "dead_lettered,failed"}}), "e-2");
  for (const char* state : {"delivered,", ",delivered", "delivered, failed"})
    EXPECT_EQ(get("/api/v1/deliveries", {{"state", state}}).status, 400) << state;
  std::string many = one;
  for (int i = 1; i < 100; ++i) many += "," + one;
  EXPECT_EQ(get("/api/v1/deliveries", {{"destination_id", many}}).status, 200);
  EXPECT_EQ(get("/api/v1/deliveries", {{"destination_id", many + "," + one}}).status, 400);
}

TEST_F(Deliveries, AreFilteredByTypeAndTime) {
  publish("e-1");
  const auto created = json(get("/api/v1/deliveries")).at("deliveries").as_array()[0].at("created_at");
  clock.advance(3h);
  publish("e-2");
  EXPECT_EQ(list({{"event_type", "alert.created"}}), "e-2,e-1");
  EXPECT_EQ(list({{"event_type", "alert.closed"}}), "");
  EXPECT_EQ(list({{"created_from", text(created)}}), "e-2,e-1");
  EXPECT_EQ(list({{"created_to", text(created)}}), "");
  const auto between = to_rfc3339(clock.unix_now() - 1h);
  EXPECT_EQ(list({{"created_from", between}}), "e-2");
  EXPECT_EQ(list({{"created_to", between}}), "e-1");
  EXPECT_EQ(errors(get("/api/v1/deliveries", {{"created_from", "yesterday"}, {"event_type", "A"}, {"ticket_id", ""}})),
            "event_type: must be an event type\nticket_id: must be 1 to 128 bytes\ncreated_from: must be RFC 3339");
}

TEST_F(Deliveries, OfADisabledDestinationAreHeldWhileTheyLive) {
  publish("e-1");
  deliver_all(200);
  publish("e-2");
  EXPECT_EQ(list({{"held", "true"}}), "");
  auto d = test::destination(1);
  d.enabled = false;
  d.disabled_reason = "maintenance";
  put(d);
  engine().catalog.refresh();
  EXPECT_EQ(list({{"held", "true"}}), "e-2");
  EXPECT_EQ(list({{"held", "false"}}), "e-1");
  EXPECT_EQ(list({{"held", "true"}, {"state", "delivered"}}), "");
  EXPECT_EQ(list({{"held", "true"}, {"destination_id", test::destination_id(2).to_string()}}), "");
  EXPECT_EQ(list({{"held", "false"}, {"correlation_id", "c-e-2"}}), "");
  EXPECT_EQ(list({{"held", "true"}, {"correlation_id", "c-e-2"}}), "e-2");
  const auto rows = json(get("/api/v1/deliveries")).at("deliveries").as_array();
  const auto& held = rows[0].at("held").as_object();
  EXPECT_EQ(text(held.at("cause")), "disabled");
  EXPECT_EQ(text(held.at("detail")), "maintenance");
  EXPECT_FALSE(text(held.at("remedy")).empty());
  EXPECT_TRUE(held.at("since").is_null()) << "the watch has not noted it yet";
  EXPECT_TRUE(held.at("until").is_null());
  EXPECT_TRUE(rows[1].at("held").is_null()) << "it has ended";
  EXPECT_EQ(get("/api/v1/deliveries", {{"held", "yes"}}).status, 400);
}

TEST_F(Deliveries, ArePagedByACursorThatEnds) {
  for (int i = 1; i <= 5; ++i) publish("e-" + std::to_string(i));
  std::string all;
  std::map<std::string, std::string> parameters{{"limit", "2"}};
  int pages = 0;
  for (;;) {
    const auto response = get("/api/v1/deliveries", parameters);
    all += ids(response) + ";";
    ++pages;
    const auto next = json(response).at("next_cursor");
    if (next.is_null()) break;
    parameters["cursor"] = text(next);
    ASSERT_LT(pages, 10);
  }
  EXPECT_EQ(all, "e-5,e-4;e-3,e-2;e-1;");
}

TEST_F(Deliveries, ParametersAreCheckedAndEachIsNamed) {
  EXPECT_EQ(list({{"limit", "1"}}), "");
  EXPECT_EQ(list({{"limit", "200"}}), "");
  const auto response = get("/api/v1/deliveries", {{"state", "eaten"},
                                                   {"destination_id", "x"},
                                                   {"event_id", "a b"},
                                                   {"correlation_id", ""},
                                                   {"cursor", "1"},
                                                   {"limit", "201"},
                                                   {"tenant", "globex"}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(errors(response),
            "tenant: is not a parameter of this resource\n"
            "state: must be one of the six delivery states, or several with commas between\n"
            "destination_id: must be a UUID, or up to 100 of them with commas between\n"
            "event_id: must be an event id\ncorrelation_id: must be 1 to 128 bytes\n"
            "cursor: must be next_cursor of an earlier page\nlimit: must be 1 to 200");
  for (const char* limit : {"0", "-1", "1x", "", "1.5", "99999999999"})
    EXPECT_EQ(get("/api/v1/deliveries", {{"limit", limit}}).status, 400) << limit;
  EXPECT_EQ(get("/api/v1/deliveries", {{"correlation_id", std::string(128, 'c')}}).status, 200);
  EXPECT_EQ(get("/api/v1/deliveries", {{"correlation_id", std::string(129, 'c')}}).status, 400);
}

TEST_F(Deliveries, AHostileParameterNameIsCutToValidText) {
  const auto response = get("/api/v1/deliveries", {{"\xff\r\n" + std::string(1'000, 'x'), "1"}});
  EXPECT_EQ(response.status, 400);
  EXPECT_LT(errors(response).size(), 200u);
}

TEST_F(Deliveries, OneIsShownWithItsAttempts) {
  publish("e-1");
  deliver_all(503);
  clock.advance(10s);
  deliver_all(200);
  const auto id = only_delivery().id.to_string();
  const auto shown = json(get("/api/v1/deliveries/" + id));
  EXPECT_EQ(text(shown.at("state")), "delivered");
  EXPECT_EQ(shown.at("attempts").as_int64(), 2);
  EXPECT_TRUE(shown.at("waits_for").is_null());
  const auto body = json(get("/api/v1/deliveries/" + id + "/attempts"));
  EXPECT_EQ(text(body.at("delivery_id")), id);
  const auto& attempts = body.at("attempts").as_array();
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].at("number").as_int64(), 1);
  EXPECT_EQ(text(attempts[0].at("result")), "retryable");
  EXPECT_EQ(attempts[0].at("http_status").as_int64(), 503);
  EXPECT_EQ(text(attempts[0].at("reason")), "http_503");
  EXPECT_EQ(text(attempts[1].at("result")), "succeeded");
  EXPECT_TRUE(attempts[1].at("reason").is_null());
}

TEST_F(Deliveries, OfAnotherTenantDoNotExist) {
  publish("e-1");
  publish("e-2", "globex");
  const auto theirs = deliveries("globex").at(0).id.to_string();
  EXPECT_EQ(list(), "e-1");
  EXPECT_EQ(list({{"event_id", "e-2"}}), "");
  for (const auto& path :
       {theirs, theirs + "/attempts", std::string("nonsense"), std::string("01a0c450-8d71-72ae-94f1-f7ce7389e0b5")}) {
    const auto response = get("/api/v1/deliveries/" + path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(problem(response), "not-found");
    EXPECT_EQ(response.body, get("/api/v1/deliveries/none").body) << "not even a hint that it exists elsewhere";
  }
  EXPECT_EQ(get("/api/v1/deliveries/" + theirs, {}, Role::operator_, "globex").status, 200);
}

}  // namespace
}  // namespace opi::api
