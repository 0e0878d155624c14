#include <gtest/gtest.h>

#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

class DeadLetterRoutes : public test::WithApi {
 protected:
  void publish(const std::string& id, const std::string& tenant = "acme") {
    clock.advance(1ms);  // ids are ordered by time
    engine().intake.submit({test::event(id, "1", tenant)});
  }
  void deliver_all(int status) {
    clock.advance(10h);  // past every backoff
    dispatch();
    while (!transport.under_way.empty()) transport.answer(status);
    engine().settler.run_once();
  }
  // A dead letter that a 400 ended.
  std::string given_dead(const std::string& event_id, const std::string& tenant = "acme") {
    publish(event_id, tenant);
    deliver_all(400);
    for (const auto& one : deliveries(tenant))
      if (one.event_id.str() == event_id) return one.id.to_string();
    return {};
  }
  Response act(const std::string& path, const std::string& body = {}, Role role = Role::operator_,
               const std::string& tenant = "acme") {
    return ask(head("POST", "/api/v1/dead-letters" + path, token(role, tenant)), body);
  }
  std::string state(const std::string& id) { return text(json(get("/api/v1/deliveries/" + id)).at("state")); }
  std::vector<audit::Record> records(audit::Action action) {
    std::vector<audit::Record> found;
    for (const auto& record : audit_log.read(*TenantId::parse("acme"), 0, 1'000))
      if (record.entry.action == action) found.push_back(record);
    return found;
  }
};

TEST_F(DeadLetterRoutes, AreListedWithAnExplanationAndAdvice) {
  const auto id = given_dead("e-1");
  publish("e-2");
  const auto body = json(get("/api/v1/dead-letters"));
  ASSERT_EQ(body.at("dead_letters").as_array().size(), 1u);
  const auto& row = body.at("dead_letters").as_array()[0];
  EXPECT_EQ(text(row.at("delivery_id")), id);
  EXPECT_EQ(text(row.at("explanation")),
            "The only attempt was answered with HTTP status 400; trying again by itself could not have helped.");
  EXPECT_FALSE(text(row.at("advice")).empty());
  EXPECT_EQ(text(row.at("last_reason")), "http_400");
  EXPECT_EQ(row.at("last_http_status").as_int64(), 400);
  EXPECT_EQ(text(row.at("last_result")), "terminal");
  EXPECT_TRUE(body.at("next_cursor").is_null());
  EXPECT_EQ(text(json(get("/api/v1/dead-letters/" + id)).at("advice")), text(row.at("advice")));
}

TEST_F(DeadLetterRoutes, AreFilteredAndPagedAsDeliveriesAre) {
  given_dead("e-1");
  given_dead("e-2");
  const auto count = [&](std::map<std::string, std::string> parameters) {
    const auto response = get("/api/v1/dead-letters", std::move(parameters));
    EXPECT_EQ(response.status, 200) << response.body;
    return json(response).at("dead_letters").as_array().size();
  };
  EXPECT_EQ(count({}), 2u);
  EXPECT_EQ(count({{"correlation_id", "c-e-1"}}), 1u);
  EXPECT_EQ(count({{"event_type", "alert.created"}}), 2u);
  EXPECT_EQ(count({{"event_type", "alert.closed"}}), 0u);
  EXPECT_EQ(count({{"destination_id", test::destination_id(1).to_string()}}), 2u);
  EXPECT_EQ(count({{"created_to", "2000-01-01T00:00:00Z"}}), 0u);
  EXPECT_FALSE(json(get("/api/v1/dead-letters", {{"limit", "1"}})).at("next_cursor").is_null());
  EXPECT_EQ(errors(get("/api/v1/dead-letters", {{"state", "failed"}})), "state: is not a parameter of this resource");
}

TEST_F(DeadLetterRoutes, WhatIsNoDeadLetterIsNotShownAmongThem) {
  publish("e-1");
  const auto pending = only_delivery().id.to_string();
  EXPECT_EQ(get("/api/v1/dead-letters/" + pending).status, 404);
  const auto theirs = given_dead("e-2", "globex");
  EXPECT_EQ(get("/api/v1/dead-letters/" + theirs).status, 404);
  EXPECT_EQ(act("/" + theirs + ":replay").status, 404);
  EXPECT_EQ(act("/" + theirs + ":discard", R"({"reason":"x"})").status, 404);
  EXPECT_EQ(act("/nonsense:replay").status, 404);
}

TEST_F(DeadLetterRoutes, AReplayIsSentAgainUnderItsOldKeyAndAudited) {
  const auto id = given_dead("e-1");
  const auto key = text(json(get("/api/v1/deliveries/" + id)).at("idempotency_key"));
  const auto response = act("/" + id + ":replay");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(text(json(response).at("state")), "retry_scheduled");
  EXPECT_TRUE(json(response).at("held").is_null());
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  deliver_all(200);
  EXPECT_EQ(state(id), "delivered");
  EXPECT_EQ(text(json(get("/api/v1/deliveries/" + id)).at("idempotency_key")), key);
  EXPECT_EQ(json(get("/api/v1/deliveries/" + id)).at("attempts").as_int64(), 2);
  const auto found = records(audit::Action::dead_letter_replayed);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].entry.actor_kind, audit::ActorKind::token);
  EXPECT_TRUE(found[0].entry.actor_id.starts_with("opi_"));
  EXPECT_EQ(found[0].entry.actor_role, "operator");
  EXPECT_EQ(found[0].entry.target, "delivery:" + id);
}

TEST_F(DeadLetterRoutes, AReplayHasTheWholeBudgetOfThePolicyAgain) {
  put_tenant("acme", {.max_attempts = 2});
  engine().catalog.refresh();
  publish("e-1");
  deliver_all(503);
  deliver_all(503);
  const auto id = only_delivery().id.to_string();
  ASSERT_EQ(state(id), "dead_lettered");
  ASSERT_EQ(act("/" + id + ":replay").status, 200);
  deliver_all(503);
  EXPECT_EQ(state(id), "retry_scheduled") << "the first of two";
  deliver_all(503);
  EXPECT_EQ(state(id), "dead_lettered");
  EXPECT_EQ(attempts_of(only_delivery()).size(), 4u);
}

TEST_F(DeadLetterRoutes, WhoeverComesSecondIsTold) {
  const auto id = given_dead("e-1");
  ASSERT_EQ(act("/" + id + ":replay").status, 200);
  const auto response = act("/" + id + ":replay");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(problem(response), "not-a-dead-letter");
  EXPECT_EQ(text(json(response).at("state")), "retry_scheduled");
  EXPECT_EQ(act("/" + id + ":discard", R"({"reason":"x"})").status, 409);
}

TEST_F(DeadLetterRoutes, AReplayToADisabledDestinationIsHeldAndSaysSo) {
  const auto id = given_dead("e-1");
  auto d = test::destination(1);
  d.enabled = false;
  d.disabled_reason = "maintenance";
  put(d);
  engine().catalog.refresh();
  const auto response = act("/" + id + ":replay");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text(json(response).at("held").at("cause")), "disabled");
  EXPECT_EQ(text(json(response).at("held").at("detail")), "maintenance");
  dispatch();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(text(json(get("/api/v1/deliveries/" + id)).at("held").at("cause")), "disabled");
}

TEST_F(DeadLetterRoutes, ADeletedDestinationIsAConflict) {
  const auto id = given_dead("e-1");
  database.writer()->script("DELETE FROM integration_destinations", "test");
  const auto response = act("/" + id + ":replay");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(problem(response), "destination-deleted");
  EXPECT_EQ(act("/" + id + ":discard", R"({"reason":"gone"})").status, 200);
}

TEST_F(DeadLetterRoutes, ADiscardNeedsAReasonWhichIsRecorded) {
  const auto id = given_dead("e-1");
  for (const char* body : {"", "{}", R"({"reason":""})", R"({"reason":7})", R"({"reason":"a\nb"})"})
    EXPECT_EQ(act("/" + id + ":discard", body).status, 422) << body;
  EXPECT_EQ(act("/" + id + ":discard", "{\"reason\":\"" + std::string(513, 'x') + "\"}").status, 422);
  EXPECT_EQ(act("/" + id + ":discard", R"({"reason":"x","force":true})").status, 422);
  EXPECT_EQ(act("/" + id + ":discard", "[").status, 422);
  EXPECT_EQ(state(id), "dead_lettered");
  EXPECT_EQ(act("/" + id + ":discard", "{\"reason\":\"" + std::string(512, 'x') + "\"}").status, 200);
  EXPECT_EQ(state(id), "failed");
  EXPECT_EQ(records(audit::Action::dead_letter_discarded).size(), 1u);
}

TEST_F(DeadLetterRoutes, ActionsByFilterCountFirstAndActWhenAsked) {
  const auto first = given_dead("e-1"), second = given_dead("e-2"), third = given_dead("e-3");
  auto response = act(":replay", R"({"filter":{"correlation_id":"c-e-1"}})");
  EXPECT_EQ(response.body, R"({"dry_run":true,"matching":1})");
  EXPECT_EQ(state(first), "dead_lettered");
  response = act(":replay", R"({"filter":{"correlation_id":"c-e-1"},"dry_run":false})");
  EXPECT_EQ(response.body, R"({"dry_run":false,"matching":1,"replayed":1,"held_deliveries":0})");
  EXPECT_EQ(state(first), "retry_scheduled");
  EXPECT_EQ(act(":discard", R"({"filter":{}})").body, R"({"dry_run":true,"matching":2})");
  EXPECT_EQ(errors(act(":discard", R"({"filter":{},"dry_run":false})")), "reason: is missing");
  response = act(":discard", R"({"filter":{},"dry_run":false,"limit":1,"reason":"old"})");
  EXPECT_EQ(response.body, R"({"dry_run":false,"matching":2,"discarded":1})");
  EXPECT_EQ(state(second), "failed") << "the oldest first";
  EXPECT_EQ(state(third), "dead_lettered");
}

TEST_F(DeadLetterRoutes, AFilterIsSpelledOutAndItsErrorsAreNamed) {
  EXPECT_EQ(errors(act(":replay", "{}")), "filter: is missing; {} means all dead letters");
  EXPECT_EQ(
      errors(act(":replay", R"({"filter":{"state":"failed","destination_id":["x"],"event_type":[],"alert_id":1}})")),
      "filter.event_type: must be a string or a list of strings\n"
      "filter.alert_id: must be a string or a list of strings\n"
      "filter.state: is not a parameter of this resource\n"
      "filter.destination_id: must be a UUID, or up to 100 of them with commas between");
  EXPECT_EQ(act(":replay", R"({"filter":{},"limit":0})").status, 422);
  EXPECT_EQ(act(":replay", R"({"filter":{},"limit":10000})").status, 200);
  EXPECT_EQ(act(":replay", R"({"filter":{},"limit":10001})").status, 422);
  EXPECT_EQ(act(":replay", R"({"filter":{},"dryrun":false})").status, 422);
}

TEST_F(DeadLetterRoutes, RolesReadOrAct) {
  const auto id = given_dead("e-1");
  EXPECT_EQ(get("/api/v1/dead-letters", {}, Role::auditor).status, 200);
  EXPECT_EQ(get("/api/v1/dead-letters", {}, Role::producer).status, 403);
  EXPECT_EQ(act("/" + id + ":replay", {}, Role::auditor).status, 403);
  EXPECT_EQ(act(":replay", R"({"filter":{}})", Role::auditor).status, 403);
  EXPECT_EQ(act("/" + id + ":replay", {}, Role::tenant_admin).status, 200);
}

}  // namespace
}  // namespace opi::api
