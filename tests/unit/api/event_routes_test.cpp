#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using testing::HasSubstr;

class Events : public test::WithApi {
 protected:
  std::string array_of(int count) {
    std::string body = "[";
    for (int i = 0; i < count; ++i) body += (i > 0 ? "," : "") + envelope("e-" + std::to_string(i), "{}");
    return body + "]";
  }
};

TEST_F(Events, OneIsAcceptedAfterItsCommit) {
  const auto response = post(envelope("e-1"));
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(results(response), "e-1 accepted");
  EXPECT_EQ(only_delivery().event_id.str(), "e-1");
}

TEST_F(Events, AnArrayAndLinesAreSeveral) {
  EXPECT_EQ(results(post("[" + envelope("e-1") + ", " + envelope("e-2") + "]")), "e-1 accepted,e-2 accepted");
  EXPECT_EQ(results(post(envelope("e-3") + "\r\n\n  \n" + envelope("e-4"), "application/x-ndjson")),
            "e-3 accepted,e-4 accepted");
  EXPECT_EQ(results(post(envelope("e-5"), "Application/JSON ; charset=utf-8")), "e-5 accepted");
  EXPECT_EQ(deliveries().size(), 5u);
}

TEST_F(Events, ADuplicateIsAcceptedAgainAndAConflictIsNot) {
  EXPECT_EQ(results(post(envelope("e-1"))), "e-1 accepted");
  EXPECT_EQ(results(post(envelope("e-1", R"({ "a" : 1 })"))), "e-1 duplicate");
  const auto response = post("[" + envelope("e-1", R"({"a":2})") + "," + envelope("e-2") + "]");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(problem(response), "event-conflict");
  EXPECT_EQ(results(response), "e-1 conflict,e-2 accepted");
  EXPECT_THAT(response.body, HasSubstr("1 of 2 events conflict"));
}

TEST_F(Events, AThousandFitAndOneMoreDoesNot) {
  EXPECT_EQ(post(array_of(1000)).status, 202);
  const auto response = post(array_of(1001));
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(problem(response), "too-large");
  std::string lines;
  for (int i = 0; i < 1001; ++i) lines += "{}\n";
  EXPECT_EQ(post(lines, "application/x-ndjson").status, 413);
  EXPECT_EQ(post("[" + std::string(8'000'000, ',') + "]").status, 413);
}

TEST_F(Events, NothingIsStoredIfOneIsInvalidAndEachIsNamed) {
  const auto response = post("[" + envelope("e-1") + R"(,{"event_id":7},)" + envelope("e 3") + "," +
                             envelope("e-4", "[]") + ",nonsense]");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(problem(response), "invalid-content");
  EXPECT_THAT(errors(response), HasSubstr("[1].event_id: must be a string"));
  EXPECT_THAT(errors(response), HasSubstr("[1].payload: is missing"));
  EXPECT_THAT(errors(response), HasSubstr("[2].event_id: may hold"));
  EXPECT_THAT(errors(response), HasSubstr("[3].payload: must be an object"));
  EXPECT_THAT(errors(response), HasSubstr("[4]: is not valid JSON"));
  EXPECT_TRUE(deliveries().empty());
}

TEST_F(Events, ASingleEventsErrorsHaveNoPlace) {
  EXPECT_EQ(errors(post(envelope("e-1", "7"))), "payload: must be an object");
  EXPECT_THAT(errors(post("{")), HasSubstr(": is not valid JSON"));
  EXPECT_EQ(errors(post("7")), ": must be a JSON object");
}

TEST_F(Events, AtMostFiftyErrorsAreTold) {
  std::string body = "[{}";
  for (int i = 0; i < 100; ++i) body += ",{}";
  EXPECT_EQ(json(post(body + "]")).at("errors").as_array().size(), 50u);
}

TEST_F(Events, WhatIsNotTheContentItClaimsIsRefused) {
  EXPECT_EQ(post("").status, 400);
  EXPECT_EQ(post(" \n").status, 400);
  EXPECT_EQ(post("[]").status, 400);
  EXPECT_EQ(post("[" + envelope("e-1")).status, 400);
  EXPECT_EQ(post("\n\n", "application/x-ndjson").status, 400);
  for (const char* type : {"", "text/plain", "application/xml", "application/jsonx", "multipart/form-data"}) {
    const auto response = post(envelope("e-1"), type);
    EXPECT_EQ(response.status, 415) << type;
    EXPECT_EQ(problem(response), "unsupported-media-type");
  }
  EXPECT_TRUE(deliveries().empty());
}

TEST_F(Events, InvalidUtf8IsRefusedAndTheAnswerIsValid) {
  for (const auto& body : {envelope("e-1", "{\"a\":\"\xff\"}"), envelope("\xc3("), std::string("{\"\xff\":1}")}) {
    const auto response = post(body);
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(problem(response), "invalid-content");  // parses, so it is UTF-8
  }
}

TEST_F(Events, OfAnotherTenantAreForbiddenByName) {
  auto response = post(envelope("e-1", "{}", "globex"));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(errors(response), "tenant_id: is not the tenant of the token");
  response = post("[" + envelope("e-1") + "," + envelope("e-2", "{}", "globex") + "]");
  EXPECT_EQ(errors(response), "[1].tenant_id: is not the tenant of the token");
  EXPECT_TRUE(deliveries().empty());
  EXPECT_TRUE(deliveries("globex").empty());
}

TEST_F(Events, OfAnUnknownTenantAreRefusedUntilItIsKnown) {
  auto request = head("POST", "/api/v1/events", token(Role::producer, "initech"));
  auto response = ask(request, envelope("e-1", "{}", "initech"));
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(errors(response), "tenant_id: is not a known tenant");
  put_tenant("initech");
  EXPECT_EQ(ask(request, envelope("e-1", "{}", "initech")).status, 202) << "the catalog is asked before it is refused";
}

TEST_F(Events, ASystemAdminPublishesForTheTenantItNames) {
  auto request = head("POST", "/api/v1/events", token(Role::system_admin));
  request.tenant_header = "globex";
  EXPECT_EQ(ask(request, envelope("e-1", "{}", "globex")).status, 202);
  EXPECT_EQ(ask(request, envelope("e-2", "{}", "acme")).status, 403);
}

TEST_F(Events, AnAbsentStoreIs503WithRetryAfterAndNever202) {
  const std::pair<test::StoreFault, const char*> faults[] = {{test::StoreFault::unavailable, "unavailable"},
                                                             {test::StoreFault::in_doubt_lost, "commit-in-doubt"}};
  for (const auto& [fault, code] : faults) {
    store.fail_next(test::StoreOperation::insert, fault);
    const auto response = post(envelope("e-1"));
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(problem(response), code);
    EXPECT_EQ(header(response, "Retry-After"), "5");
  }
  EXPECT_TRUE(deliveries().empty());
  EXPECT_EQ(post(envelope("e-1")).status, 202);
}

// What is stored and not known to be: the answer says so, and the same id again is a duplicate.
TEST_F(Events, WhatMayBeStoredIsNotSaidNotToBe) {
  store.choose = [](test::StoreOperation now) {
    return now == test::StoreOperation::insert   ? test::StoreFault::in_doubt_done
           : now == test::StoreOperation::stored ? test::StoreFault::unavailable
                                                 : test::StoreFault::none;
  };
  const auto response = post(envelope("e-1"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(problem(response), "commit-in-doubt");
  EXPECT_EQ(response.body.find("nothing was stored"), std::string::npos);
  EXPECT_NE(response.body.find("with the same event_id"), std::string::npos);
  store.choose = [](auto) { return test::StoreFault::none; };
  EXPECT_EQ(post(envelope("e-1")).status, 202);
  EXPECT_EQ(deliveries().size(), 1u);
}

TEST_F(Events, AClosedIntakeIs503) {
  engine().intake.close();
  EXPECT_EQ(post(envelope("e-1")).status, 503);
}

TEST_F(Events, HostileIdsAreRefusedAndEchoedNowhere) {
  for (const char* id : {R"(a\r\nX-Evil: 1)", R"(<script>)", R"(a\u0000)", R"(../../etc)"}) {
    const auto response = post(envelope(id));
    EXPECT_EQ(response.status, 422) << id;
    EXPECT_EQ(response.body.find("Evil"), std::string::npos);
    EXPECT_EQ(response.body.find("<script>"), std::string::npos);
    EXPECT_TRUE(response.headers.empty());
  }
}

}  // namespace
}  // namespace opi::api
