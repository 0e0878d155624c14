#include <gtest/gtest.h>

#include "delivery/operation_runner.hpp"
#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

class OperationRoutes : public test::WithApi {
 protected:
  std::string publish(const std::string& id, const std::string& tenant = "acme") {
    clock.advance(1ms);  // ids are ordered by time
    engine().intake.submit({test::event(id, "1", tenant)});
    for (const auto& one : deliveries(tenant))
      if (one.event_id.str() == id) return one.id.to_string();
    return {};
  }
  void given_waiting(int count, const std::string& tenant = "acme") {
    for (int i = 0; i < count; ++i) {
      clock.advance(1ms);
      engine().intake.submit({test::event("e-" + std::to_string(i), "1", tenant)});
    }
  }
  void answer_all(int status) {
    clock.advance(10h);
    dispatch();
    while (!transport.under_way.empty()) transport.answer(status);
    engine().settler.run_once();
  }
  Response act(const std::string& path, const std::string& body = {}, Role role = Role::operator_,
               const std::string& tenant = "acme") {
    return ask(head("POST", "/api/v1/operations" + path, token(role, tenant)), body);
  }
  // Its id.
  std::string start(const std::string& members, const std::string& tenant = "acme") {
    const auto response = act("", "{" + members + R"(,"dry_run":false})", Role::operator_, tenant);
    EXPECT_EQ(response.status, 202) << response.body;
    const auto id = text(json(response).at("operation_id"));
    EXPECT_EQ(header(response, "Location"), "/api/v1/operations/" + id);
    return id;
  }
  std::string start_cancelling(const std::string& more = {}, const std::string& tenant = "acme") {
    return start(R"("kind":"cancel","filter":{},"reason":"left")" + more, tenant);
  }
  // "state done/counted"
  std::string progress(const std::string& id, const std::string& tenant = "acme") {
    const auto view = json(get("/api/v1/operations/" + id, {}, Role::operator_, tenant));
    return text(view.at("state")) + " " + std::to_string(view.at("done").as_int64()) + "/" +
           std::to_string(view.at("counted").as_int64());
  }
  delivery::OperationRunner a_runner() { return {operation_store, waiting, dead_letters, engine().instruments, {}}; }
  std::string state(const std::string& id) { return text(json(get("/api/v1/deliveries/" + id)).at("state")); }
};

TEST_F(OperationRoutes, AreWorkedOffInPiecesByWhicheverDaemonIsThere) {
  given_waiting(450);
  const auto id = start_cancelling();
  EXPECT_EQ(progress(id), "running 0/450");
  a_runner().run_once();
  EXPECT_EQ(progress(id), "running 200/450");
  auto next_daemon = a_runner();
  next_daemon.run_once();
  EXPECT_EQ(progress(id), "running 400/450");
  next_daemon.run_once();
  EXPECT_EQ(progress(id), "done 450/450");
  EXPECT_FALSE(json(get("/api/v1/operations/" + id)).at("finished_at").is_null());
  EXPECT_EQ(next_daemon.run_once(), 1s) << "there is none any more";
  EXPECT_EQ(waiting.count(*TenantId::parse("acme"), {}).waiting, 0);
  for (const auto& record : audit_log.read(*TenantId::parse("acme"), 0, 1'000))
    if (record.entry.action == audit::Action::delivery_cancelled) {
      EXPECT_NE(record.entry.details.find(id), std::string::npos);
      EXPECT_EQ(record.entry.actor_role, "operator") << "who started it";
    }
}

TEST_F(OperationRoutes, ACancelledOneGoesNoFurther) {
  given_waiting(250);
  const auto id = start_cancelling();
  auto runner = a_runner();
  runner.run_once();
  const auto cancelled = act("/" + id + ":cancel");
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(text(json(cancelled).at("state")), "cancelled");
  runner.run_once();
  EXPECT_EQ(progress(id), "cancelled 200/250");
  EXPECT_EQ(waiting.count(*TenantId::parse("acme"), {}).waiting, 50);
  EXPECT_EQ(problem(act("/" + id + ":cancel")), "operation-ended");
}

TEST_F(OperationRoutes, GoNoFasterThanTheirRate) {
  given_waiting(25);
  const auto id = start_cancelling(R"(,"rate_per_second":10)");
  auto runner = a_runner();
  runner.run_once();
  runner.run_once();
  EXPECT_EQ(progress(id), "running 10/25");
  clock.advance(999ms);
  runner.run_once();
  EXPECT_EQ(progress(id), "running 10/25");
  clock.advance(1ms);
  runner.run_once();
  EXPECT_EQ(progress(id), "running 20/25");
}

TEST_F(OperationRoutes, TenantsTakeTurnsWithSmallPieces) {
  given_waiting(300);
  given_waiting(300, "globex");
  const auto mine = start_cancelling();
  clock.advance(1ms);
  const auto theirs = start_cancelling({}, "globex");
  auto runner = a_runner();
  for (int i = 0; i < 4; ++i) {
    clock.advance(20ms);
    runner.run_once();
  }
  EXPECT_EQ(progress(mine), "running 264/300") << "the first piece when nobody else was known, the second small";
  EXPECT_EQ(progress(theirs, "globex"), "running 128/300");
}

TEST_F(OperationRoutes, AResendGoesOutAgainUnderTheSameKey) {
  const auto first = publish("e-1"), second = publish("e-2");
  answer_all(200);
  ASSERT_EQ(state(first), "delivered");
  const auto key = text(json(get("/api/v1/deliveries/" + first)).at("idempotency_key"));
  EXPECT_EQ(act("", R"({"kind":"resend","filter":{"state":"failed"}})").body, R"({"dry_run":true,"matching":0})");
  EXPECT_EQ(act("", R"({"kind":"resend","filter":{}})").body, R"({"dry_run":true,"matching":2})");
  const auto id = start(R"("kind":"resend","filter":{"event_id":"e-1"})");
  a_runner().run_once();
  EXPECT_EQ(progress(id), "done 1/1");
  EXPECT_EQ(state(first) + state(second), "retry_scheduleddelivered");
  answer_all(200);
  EXPECT_EQ(state(first), "delivered");
  EXPECT_EQ(text(json(get("/api/v1/deliveries/" + first)).at("idempotency_key")), key);
  EXPECT_EQ(json(get("/api/v1/deliveries/" + first)).at("attempts").as_int64(), 2);
}

TEST_F(OperationRoutes, OneIsSentAgainByItsId) {
  const auto id = publish("e-1");
  const auto resend = [&](Role role = Role::operator_) {
    return ask(head("POST", "/api/v1/deliveries/" + id + ":resend", token(role)));
  };
  EXPECT_EQ(problem(resend()), "not-ended");
  answer_all(200);
  EXPECT_EQ(resend(Role::auditor).status, 403);
  const auto resent = resend();
  EXPECT_EQ(resent.status, 200) << resent.body;
  EXPECT_EQ(text(json(resent).at("state")), "retry_scheduled");
  answer_all(400);
  EXPECT_EQ(problem(resend()), "not-ended") << "it is a dead letter now";
  database.writer()->script("DELETE FROM integration_destinations", "test");
  ask(head("POST", "/api/v1/dead-letters/" + id + ":discard", token(Role::operator_)), R"({"reason":"x"})");
  EXPECT_EQ(problem(resend()), "destination-deleted");
}

TEST_F(OperationRoutes, AReplayIsOneToo) {
  for (int i = 0; i < 3; ++i) publish("e-" + std::to_string(i));
  answer_all(400);
  EXPECT_EQ(act("", R"({"kind":"replay","filter":{}})").body, R"({"dry_run":true,"matching":3})");
  const auto id = start(R"("kind":"replay","filter":{"event_type":"alert.created"})");
  a_runner().run_once();
  EXPECT_EQ(progress(id), "done 3/3");
  answer_all(200);
  EXPECT_EQ(state(deliveries("acme").front().id.to_string()), "delivered");
}

TEST_F(OperationRoutes, WhatIsAskedForIsCheckedByName) {
  EXPECT_EQ(errors(act("", "{}")), "kind: is missing\nfilter: is missing; {} means all");
  EXPECT_EQ(errors(act("", R"({"kind":"teleport","filter":{}})")), "kind: must be cancel, replay or resend");
  EXPECT_EQ(errors(act("", R"({"kind":"unknown","filter":{}})")), "kind: must be cancel, replay or resend");
  EXPECT_EQ(errors(act("", R"({"kind":"cancel","filter":{},"dry_run":false})")), "reason: is missing");
  EXPECT_EQ(errors(act("", R"({"kind":"resend","filter":{},"reason":"x"})")), "reason: is for the kind cancel alone");
  EXPECT_EQ(errors(act("", R"({"kind":"resend","filter":{"state":"dead_lettered"}})")),
            "filter.state: must be delivered, failed or both");
  EXPECT_EQ(errors(act("", R"({"kind":"replay","filter":{"state":"failed"}})")),
            "filter.state: is not a parameter of this resource");
  EXPECT_EQ(act("", R"({"kind":"cancel","filter":{},"rate_per_second":0})").status, 422);
  EXPECT_EQ(act("", R"({"kind":"cancel","filter":{},"rate_per_second":10001})").status, 422);
  EXPECT_EQ(act("", R"({"kind":"cancel","filter":{},"rate_per_second":10000})").status, 200);
  EXPECT_EQ(act("", R"({"kind":"cancel","filter":{},"force":true})").status, 422);
}

TEST_F(OperationRoutes, TenRunAtATime) {
  for (int i = 0; i < 10; ++i) start_cancelling();
  const auto refused = act("", R"({"kind":"cancel","filter":{},"reason":"x","dry_run":false})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(problem(refused), "too-many-operations");
}

TEST_F(OperationRoutes, AreListedAndSeenByTheirTenantAlone) {
  const auto mine = start_cancelling(), theirs = start_cancelling({}, "globex");
  const auto page = json(get("/api/v1/operations", {}, Role::auditor));
  ASSERT_EQ(page.at("operations").as_array().size(), 1u);
  const auto& row = page.at("operations").as_array()[0];
  EXPECT_EQ(text(row.at("operation_id")), mine);
  EXPECT_EQ(text(row.at("started_by").at("role")), "operator");
  EXPECT_EQ(get("/api/v1/operations/" + theirs).status, 404);
  EXPECT_EQ(act("/" + theirs + ":cancel").status, 404);
  EXPECT_EQ(act("", R"({"kind":"cancel","filter":{}})", Role::auditor).status, 403);
  EXPECT_EQ(act("/" + mine + ":cancel", {}, Role::auditor).status, 403);
  EXPECT_EQ(get("/api/v1/operations", {}, Role::producer).status, 403);
}

}  // namespace
}  // namespace opi::api
