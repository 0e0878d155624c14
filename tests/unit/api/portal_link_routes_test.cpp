#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/portal_link.hpp"
#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class PortalLinks : public test::WithApi {
 protected:
  Response ask_as(const std::string& bearer, const std::string& method, const std::string& path,
                  const std::string& body = "", const std::string& tenant = "") {
    auto request = head(method, path, bearer);
    request.tenant_header = tenant;
    request.address = "192.0.2.1";
    return ask(request, body);
  }
  Response issue(const std::string& bearer, const std::string& more = "", const std::string& tenant = "") {
    return ask_as(bearer, "POST", "/api/v1/portal-links", R"({"role":"operator","subject":"customer 17")" + more + "}",
                  tenant);
  }
  static std::string token_in(const Response& response) {
    const auto path = text(json(response).at("path"));
    return path.substr(path.find("#token=") + 7);
  }
  Response open(const std::string& token) { return ask_as(token, "POST", "/api/v1/session"); }
  std::string opened(const Response& link) { return text(json(open(token_in(link))).at("session_token")); }
  Response look(const std::string& bearer) { return ask_as(bearer, "GET", "/api/v1/session"); }
  const std::string admin = token(Role::tenant_admin);
};

TEST_F(PortalLinks, OneBeginsOneSessionOfItsTenantAndRole) {
  const auto link = issue(admin);
  ASSERT_EQ(link.status, 201) << link.body;
  EXPECT_THAT(text(json(link).at("path")),
              MatchesRegex("/console/integrations\\?tenant=acme#token=opl_[A-Za-z0-9_-]{43}"));
  const auto response = open(token_in(link));
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(header(response, "Set-Cookie"), "") << "a page inside another site's has none";
  const auto session = json(response);
  EXPECT_EQ(text(session.at("role")), "operator");
  EXPECT_EQ(text(session.at("tenant_id")), "acme");
  EXPECT_EQ(text(session.at("actor")), "portal/customer 17");
  EXPECT_TRUE(session.at("csrf_token").is_null());
  const auto bearer = text(session.at("session_token"));
  EXPECT_EQ(ask_as(bearer, "GET", "/api/v1/deliveries").status, 200);
  EXPECT_EQ(ask_as(bearer, "GET", "/api/v1/deliveries", "", "globex").status, 403) << "of another tenant";
  EXPECT_EQ(ask_as(bearer, "GET", "/api/v1/tokens").status, 403) << "an operator stays one";
  EXPECT_EQ(look(bearer).body.find("session_token"), std::string::npos);

  const auto again = open(token_in(link));
  EXPECT_EQ(again.status, 401);
  EXPECT_THAT(again.body, HasSubstr("The link is unknown, expired, used or withdrawn"));
  EXPECT_EQ(look(bearer).status, 200) << "whoever came first stays";

  std::string trail;
  for (const auto& record : audit_log.read(*TenantId::parse("acme"), 0, 100)) {
    const auto& entry = record.entry;
    trail += std::string(to_string(entry.action)) + " by " + entry.actor_id + " " + entry.target + "\n";
    EXPECT_EQ(entry.details.find("opl_"), std::string::npos);
  }
  EXPECT_THAT(trail, HasSubstr("portal_link.issued by " + admin.substr(0, 12) + " portal_link:customer 17"));
  EXPECT_THAT(trail, HasSubstr("session.signed_in by portal/customer 17 session:"));
}

TEST_F(PortalLinks, OneIsFollowedInTimeOrNeverAndItsSessionEnds) {
  const auto late = issue(admin, R"(,"valid_minutes":1)"), in_time = issue(admin, R"(,"valid_minutes":1)");
  clock.advance(59'999ms);
  const auto bearer = opened(in_time);
  clock.advance(1ms);
  EXPECT_EQ(open(token_in(late)).status, 401);
  clock.advance(60min - 2ms);
  EXPECT_EQ(look(bearer).status, 200);
  clock.advance(1ms);
  EXPECT_EQ(look(bearer).status, 401);
}

TEST_F(PortalLinks, NeitherLinkNorSessionOutlivesTheIssuer) {
  const auto issuer = token(Role::tenant_admin, "acme", clock.unix_now() + 10min);
  const auto never = issue(issuer, R"(,"valid_minutes":60)"), begun = issue(issuer);
  const auto bearer = opened(begun);
  clock.advance(10min - 1ms);
  EXPECT_EQ(look(bearer).status, 200);
  clock.advance(1ms);
  EXPECT_EQ(look(bearer).status, 401);
  EXPECT_EQ(open(token_in(never)).status, 401);

  const auto other = issue(admin), unopened = issue(admin);
  const auto session = opened(other);
  ASSERT_EQ(ask_as(token(Role::tenant_admin), "DELETE", "/api/v1/tokens/" + admin.substr(0, 12)).status, 204);
  EXPECT_EQ(look(session).status, 401) << "its issuer's token is revoked";
  EXPECT_EQ(open(token_in(unopened)).status, 401);
}

TEST_F(PortalLinks, ASessionOfOneIssuesNothingThatWouldOutliveIt) {
  const auto bearer =
      opened(ask_as(admin, "POST", "/api/v1/portal-links", R"({"role":"tenant_admin","subject":"customer 17"})"));
  for (const char* path : {"/api/v1/portal-links", "/api/v1/tokens"}) {
    const auto response = ask_as(bearer, "POST", path, R"({"role":"auditor","subject":"me"})");
    EXPECT_EQ(response.status, 403) << path;
    EXPECT_THAT(response.body, HasSubstr("a portal link began issues no tokens and no links"));
  }
}

TEST_F(PortalLinks, ASecretComesByItsOwnDoorAlone) {
  const auto link = issue(admin);
  EXPECT_EQ(look(token_in(link)).status, 401) << "a link is no bearer";
  const auto bearer = opened(link);
  auto with_cookie = head("GET", "/api/v1/session", "");
  with_cookie.authorization.clear();
  with_cookie.cookie = "opi_session=" + bearer;
  EXPECT_EQ(ask(with_cookie).status, 401) << "its session is no cookie";
  const auto cookie = header(ask_as(admin, "POST", "/api/v1/session"), "Set-Cookie");
  EXPECT_EQ(look(cookie.substr(12, 43)).status, 401) << "and a cookie's is no bearer";
}

TEST_F(PortalLinks, ASessionOfOneBeginsNoOther) {
  const auto bearer = opened(issue(admin));
  const auto response = ask_as(bearer, "POST", "/api/v1/session");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(header(response, "Set-Cookie"), "");
  auto in_body = head("POST", "/api/v1/session", "");
  in_body.authorization.clear();
  EXPECT_EQ(ask(in_body, R"({"token":")" + bearer + "\"}").status, 401);
  EXPECT_EQ(look(bearer).status, 200) << "it goes on";
}

TEST_F(PortalLinks, SigningOutEndsItsSession) {
  const auto bearer = opened(issue(admin));
  const auto response = ask_as(bearer, "DELETE", "/api/v1/session");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(header(response, "Set-Cookie"), "") << "nobody's cookie ends with it";
  EXPECT_EQ(look(bearer).status, 401);
}

TEST_F(PortalLinks, WhatIsWrongInAWishIsNamed) {
  const auto refused = [&](const std::string& body, const std::string& field) {
    const auto response = ask_as(admin, "POST", "/api/v1/portal-links", body);
    EXPECT_EQ(response.status, 422) << body;
    EXPECT_THAT(response.body, HasSubstr("\"" + field + "\"")) << body;
  };
  refused(R"({"subject":"x"})", "role");
  for (const char* role : {"producer", "system_admin", "nobody"})
    refused(R"({"role":")" + std::string(role) + R"(","subject":"x"})", "role");
  refused(R"({"role":"auditor"})", "subject");
  refused(R"({"role":"auditor","subject":""})", "subject");
  refused(R"({"role":"auditor","subject":")" + std::string(101, 'x') + "\"}", "subject");
  for (const char* minutes : {"0", "61"})
    refused(R"({"role":"auditor","subject":"x","valid_minutes":)" + std::string(minutes) + "}", "valid_minutes");
  for (const char* minutes : {"0", "481"})
    refused(R"({"role":"auditor","subject":"x","session_minutes":)" + std::string(minutes) + "}", "session_minutes");
  const auto edge = issue(admin, R"(,"valid_minutes":60,"session_minutes":480)");
  EXPECT_EQ(edge.status, 201) << edge.body;
  EXPECT_EQ(
      ask_as(admin, "POST", "/api/v1/portal-links", R"({"role":"auditor","subject":")" + std::string(100, 'x') + "\"}")
          .status,
      201);
  EXPECT_EQ(issue(token(Role::system_admin), "", "_system").status, 403) << "the installation is no customer";
  EXPECT_EQ(issue(token(Role::system_admin), "", "acme").status, 201);
}

}  // namespace
}  // namespace opi::api
