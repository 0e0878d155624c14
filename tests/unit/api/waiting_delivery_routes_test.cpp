#include <gtest/gtest.h>

#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

class WaitingDeliveryRoutes : public test::WithAdministration {
 protected:
  std::string publish(const std::string& id, const std::string& tenant = "acme") {
    clock.advance(1ms);  // ids are ordered by time
    engine().intake.submit({test::event(id, "1", tenant)});
    for (const auto& one : deliveries(tenant))
      if (one.event_id.str() == id) return one.id.to_string();
    return {};
  }
  Response act(const std::string& path, const std::string& body = {}, Role role = Role::operator_) {
    return ask(head("POST", "/api/v1/deliveries" + path, token(role)), body);
  }
  std::string state(const std::string& id) { return text(json(get("/api/v1/deliveries/" + id)).at("state")); }
  void answer_all(int status) {
    dispatch();
    while (!transport.under_way.empty()) transport.answer(status);
    engine().settler.run_once();
  }
  std::size_t audited(audit::Action action) {
    std::size_t found = 0;
    for (const auto& record : audit_log.read(*TenantId::parse("acme"), 0, 1'000))
      found += record.entry.action == action ? 1 : 0;
    return found;
  }
};

TEST_F(WaitingDeliveryRoutes, ACancelledDeliveryIsNeverSent) {
  const auto id = publish("e-1");
  const auto response = act("/" + id + ":cancel", R"({"reason":"the customer left"})");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(text(json(response).at("state")), "failed");
  dispatch();
  EXPECT_TRUE(transport.under_way.empty());
  const auto view = json(get("/api/v1/deliveries/" + id));
  EXPECT_EQ(text(view.at("last_reason")), "cancelled");
  const auto attempts = json(get("/api/v1/deliveries/" + id + "/attempts")).at("attempts").as_array();
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_TRUE(text(attempts[0].at("error_summary")).ends_with("(operator): the customer left"));
  EXPECT_EQ(audited(audit::Action::delivery_cancelled), 1u);
  const auto again = act("/" + id + ":cancel", R"({"reason":"x"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(problem(again), "not-waiting");
  EXPECT_EQ(text(json(again).at("state")), "failed");
}

TEST_F(WaitingDeliveryRoutes, WhatIsUnderWayIsRefusedUntilItComesBack) {
  const auto id = publish("e-1");
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  const auto refused = act("/" + id + ":cancel", R"({"reason":"x"})");
  EXPECT_EQ(problem(refused), "not-waiting");
  EXPECT_EQ(text(json(refused).at("state")), "delivering");
  EXPECT_EQ(problem(act("/" + id + ":retry")), "not-waiting");
  EXPECT_EQ(act(":cancel", R"({"filter":{}})").body, R"({"dry_run":true,"matching":0,"under_way":1})");
  transport.answer(503);
  engine().settler.run_once();
  EXPECT_EQ(act("/" + id + ":cancel", R"({"reason":"x"})").status, 200);
}

TEST_F(WaitingDeliveryRoutes, AReasonIsNeededAndKeepsNoSecret) {
  const auto id = publish("e-1");
  for (const char* body : {"", "{}", R"({"reason":""})", R"({"reason":7})", R"({"reason":"x","force":true})"})
    EXPECT_EQ(act("/" + id + ":cancel", body).status, 422) << body;
  EXPECT_EQ(act("/" + id + ":cancel", "{\"reason\":\"" + std::string(513, 'x') + "\"}").status, 422);
  EXPECT_EQ(state(id), "pending");
  EXPECT_EQ(act("/" + id + ":cancel", R"({"reason":"password=hunter2hunter2"})").status, 200);
  EXPECT_EQ(get("/api/v1/deliveries/" + id + "/attempts").body.find("hunter2"), std::string::npos);
  const auto other = publish("e-2");
  EXPECT_EQ(act("/" + other + ":cancel", "{\"reason\":\"" + std::string(512, 'x') + "\"}").status, 200);
}

TEST_F(WaitingDeliveryRoutes, ManyAreCountedFirstAndTheNewestGoFirst) {
  const auto first = publish("e-1"), second = publish("e-2"), third = publish("e-3");
  EXPECT_EQ(act(":cancel", R"({"filter":{"correlation_id":"c-e-1"}})").body,
            R"({"dry_run":true,"matching":1,"under_way":0})");
  EXPECT_EQ(errors(act(":cancel", R"({"filter":{},"dry_run":false})")), "reason: is missing");
  EXPECT_EQ(state(third), "pending");
  EXPECT_EQ(act(":cancel", R"({"filter":{},"dry_run":false,"limit":1,"reason":"old"})").body,
            R"({"dry_run":false,"matching":3,"under_way":0,"cancelled":1})");
  EXPECT_EQ(state(third), "failed");
  answer_all(503);
  const auto fourth = publish("e-4");
  EXPECT_EQ(act(":cancel", R"({"filter":{"state":"retry_scheduled"},"dry_run":false,"reason":"old"})").body,
            R"({"dry_run":false,"matching":2,"under_way":0,"cancelled":2})");
  EXPECT_EQ(state(first) + state(second) + state(fourth), "failedfailedpending");
}

TEST_F(WaitingDeliveryRoutes, MoreThanAPageIsCancelled) {
  for (int i = 0; i < 450; ++i) publish("e-" + std::to_string(i));
  EXPECT_EQ(act(":cancel", R"({"filter":{"event_type":"alert.created"},"dry_run":false,"reason":"old"})").body,
            R"({"dry_run":false,"matching":450,"under_way":0,"cancelled":450})");
  EXPECT_EQ(act(":cancel", R"({"filter":{}})").body, R"({"dry_run":true,"matching":0,"under_way":0})");
}

TEST_F(WaitingDeliveryRoutes, AFilterNamesOnlyWhatWaits) {
  EXPECT_EQ(errors(act(":cancel", R"({"filter":{"state":"delivered","held":"true"}})")),
            "filter.held: is not a parameter of this resource\n"
            "filter.state: must be pending, retry_scheduled or both");
  EXPECT_EQ(errors(act(":cancel", "{}")), "filter: is missing; {} means everything that waits");
  EXPECT_EQ(act(":cancel", R"({"filter":{},"limit":10001})").status, 422);
  EXPECT_EQ(act(":cancel", R"({"filter":{},"limit":10000})").status, 200);
}

TEST_F(WaitingDeliveryRoutes, ARetryIsSentNowAndSpendsTheBudget) {
  const auto id = publish("e-1");
  answer_all(503);
  dispatch();
  ASSERT_TRUE(transport.under_way.empty()) << "it waits for its backoff";
  EXPECT_EQ(text(json(act("/" + id + ":retry")).at("state")), "retry_scheduled");
  answer_all(200);
  EXPECT_EQ(state(id), "delivered");
  EXPECT_EQ(json(get("/api/v1/deliveries/" + id)).at("attempts").as_int64(), 2);
  EXPECT_EQ(audited(audit::Action::delivery_retried), 1u);
}

TEST_F(WaitingDeliveryRoutes, ARetryGoesAroundNoPauseOfTheReceiver) {
  const auto id = publish("e-1");
  dispatch();
  transport.answer(429, {}, {{"Retry-After", "600"}});
  engine().settler.run_once();
  EXPECT_EQ(act("/" + id + ":retry").status, 200);
  dispatch();
  EXPECT_TRUE(transport.under_way.empty());
  clock.advance(601s);
  dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(WaitingDeliveryRoutes, RolesActOrDoNot) {
  const auto id = publish("e-1");
  EXPECT_EQ(act("/" + id + ":cancel", R"({"reason":"x"})", Role::auditor).status, 403);
  EXPECT_EQ(act(":cancel", R"({"filter":{}})", Role::producer).status, 403);
  EXPECT_EQ(act("/" + id + ":retry", {}, Role::auditor).status, 403);
  const auto theirs = publish("e-9", "globex");
  EXPECT_EQ(act("/" + theirs + ":cancel", R"({"reason":"x"})").status, 404);
  EXPECT_EQ(act("/" + theirs + ":retry").status, 404);
}

TEST_F(WaitingDeliveryRoutes, ADestinationGoesWithWhatWaitsOnceTheNumberIsConfirmed) {
  const auto first = publish("e-1"), second = publish("e-2");
  const std::string path = "/api/v1/destinations/" + test::destination_id(1).to_string();
  const auto remove = [&](const std::string& number) {
    return call("DELETE", path, {}, {}, Role::tenant_admin, {{"cancel_waiting", number}});
  };
  const auto busy = call("DELETE", path);
  EXPECT_EQ(problem(busy), "destination-busy");
  EXPECT_EQ(json(busy).at("waiting").as_int64(), 2);
  const auto changed = remove("1");
  EXPECT_EQ(changed.status, 409);
  EXPECT_EQ(problem(changed), "deliveries-changed");
  EXPECT_EQ(json(changed).at("waiting").as_int64(), 2);
  for (const char* number : {"-1", "10001", "2.0", ""}) EXPECT_EQ(remove(number).status, 400) << number;
  EXPECT_EQ(state(first), "pending");
  EXPECT_EQ(call("DELETE", path, {}, "\"1\"", Role::tenant_admin, {{"cancel_waiting", "2"}}).status, 412);
  EXPECT_EQ(remove("2").status, 204);
  EXPECT_EQ(state(first) + state(second), "failedfailed");
  EXPECT_EQ(remove("0").status, 404);
  EXPECT_EQ(audited(audit::Action::destination_deleted), 1u);
}

TEST_F(WaitingDeliveryRoutes, ADestinationWithAnAttemptUnderWayStaysAsItIs) {
  const auto first = publish("e-1");
  dispatch();
  const auto second = publish("e-2");
  const std::string path = "/api/v1/destinations/" + test::destination_id(1).to_string();
  const auto busy = call("DELETE", path, {}, {}, Role::tenant_admin, {{"cancel_waiting", "1"}});
  EXPECT_EQ(problem(busy), "destination-busy");
  EXPECT_EQ(json(busy).at("under_way").as_int64(), 1);
  EXPECT_EQ(state(second), "pending");
  EXPECT_TRUE(json(call("GET", path)).at("enabled").as_bool());
}

}  // namespace
}  // namespace opi::api
