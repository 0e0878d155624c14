#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class SessionRoutes : public test::WithApi {
 protected:
  RequestHead plain(const std::string& method, const std::string& path) {
    auto request = head(method, path, "");
    request.authorization.clear();
    request.address = "192.0.2.1";
    return request;
  }
  Response sign_in(const std::string& body) { return ask(plain("POST", "/api/v1/session"), body); }
  Response sign_in_with(const std::string& bearer) { return ask(head("POST", "/api/v1/session", bearer)); }
  // The Cookie header that a browser makes of an answer.
  static std::string jar(const Response& response) {
    const auto cookie = header(response, "Set-Cookie");
    return cookie.substr(0, cookie.find(';'));
  }
  Response with_cookie(const std::string& cookie, const std::string& method, const std::string& path,
                       const std::string& csrf = "", const std::string& body = "") {
    auto request = plain(method, path);
    request.cookie = cookie;
    request.csrf_token = csrf;
    return ask(request, body);
  }
  std::string audited(const std::string& tenant) {
    std::string all;
    for (const auto& record : audit_log.read(*TenantId::parse(tenant), 0, 100)) {
      const auto name = to_string(record.entry.action);
      if (name.starts_with("session.")) all += std::string(name) + " by " + record.entry.actor_role + ",";
    }
    return all;
  }
};

TEST_F(SessionRoutes, ABearerIsExchangedForACookie) {
  const auto bearer = token(Role::tenant_admin);
  for (const auto& response : {sign_in_with(bearer), sign_in(R"({"token":")" + bearer + "\"}")}) {
    EXPECT_EQ(response.status, 201) << response.body;
    const auto cookie = header(response, "Set-Cookie");
    EXPECT_THAT(cookie,
                testing::MatchesRegex("opi_session=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=/; Secure"));
    const auto body = json(response);
    EXPECT_EQ(text(body.at("role")), "tenant_admin");
    EXPECT_EQ(text(body.at("tenant_id")), "acme");
    EXPECT_EQ(text(body.at("actor")), bearer.substr(0, 12));
    EXPECT_EQ(text(body.at("expires_at")).size(), 24u);
    EXPECT_EQ(text(body.at("csrf_token")).size(), 43u);
    EXPECT_EQ(response.body.find(cookie.substr(12, 43)), std::string::npos) << "the secret is in the cookie alone";
  }
  EXPECT_EQ(audited("acme"), "session.signed_in by tenant_admin,session.signed_in by tenant_admin,");
}

TEST_F(SessionRoutes, WithoutTlsTheCookieIsNotSecure) {
  RouteTable relaxed;
  add_session_routes(relaxed, authenticator, false);
  const RequestHandler local(relaxed, authenticator, [](const TenantId&) { return true; }, logger, {});
  const auto response = ask(local, head("POST", "/api/v1/session", token(Role::auditor)));
  EXPECT_THAT(header(response, "Set-Cookie"), Not(HasSubstr("Secure")));
}

TEST_F(SessionRoutes, TheCookieOpensWhatTheBearerOpened) {
  const auto signed_in = sign_in_with(token(Role::auditor));
  EXPECT_EQ(with_cookie(jar(signed_in), "GET", "/api/v1/deliveries").status, 200);
  const auto me = with_cookie(jar(signed_in), "GET", "/api/v1/session");
  EXPECT_EQ(me.status, 200);
  EXPECT_EQ(me.body, signed_in.body);
  EXPECT_EQ(with_cookie(jar(signed_in), "GET", "/api/v1/tokens").status, 403) << "an auditor stays one";
}

TEST_F(SessionRoutes, AMutationNeedsTheCsrfToken) {
  const auto signed_in = sign_in_with(token(Role::tenant_admin));
  const auto csrf = text(json(signed_in).at("csrf_token"));
  const std::string wish = R"({"role":"auditor"})";
  auto response = with_cookie(jar(signed_in), "POST", "/api/v1/tokens", "", wish);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(problem(response), "csrf");
  const int before = bodies_read;
  EXPECT_EQ(with_cookie(jar(signed_in), "POST", "/api/v1/tokens", "x" + csrf.substr(1), wish).status, 403);
  EXPECT_EQ(bodies_read, before);
  EXPECT_EQ(with_cookie(jar(signed_in), "POST", "/api/v1/tokens", csrf, wish).status, 201);
}

TEST_F(SessionRoutes, SigningOutEndsTheSessionAtOnce) {
  const auto signed_in = sign_in_with(token(Role::auditor));
  const auto csrf = text(json(signed_in).at("csrf_token"));
  EXPECT_EQ(with_cookie(jar(signed_in), "DELETE", "/api/v1/session").status, 403);
  const auto signed_out = with_cookie(jar(signed_in), "DELETE", "/api/v1/session", csrf);
  EXPECT_EQ(signed_out.status, 204);
  EXPECT_THAT(header(signed_out, "Set-Cookie"), testing::StartsWith("opi_session=;"));
  EXPECT_THAT(header(signed_out, "Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(with_cookie(jar(signed_in), "GET", "/api/v1/session").status, 401);
  EXPECT_EQ(audited("acme"), "session.signed_in by auditor,session.signed_out by auditor,");
}

TEST_F(SessionRoutes, ABearerIsToldWhoItIsAndHasNothingToSignOutOf) {
  const auto me = ask(head("GET", "/api/v1/session", token(Role::producer)));
  EXPECT_EQ(text(json(me).at("role")), "producer");
  EXPECT_TRUE(json(me).at("csrf_token").is_null());
  EXPECT_TRUE(json(me).at("expires_at").is_null());
  EXPECT_EQ(ask(head("DELETE", "/api/v1/session", token(Role::producer))).status, 404);
  EXPECT_EQ(ask(plain("GET", "/api/v1/session")).status, 401);
}

TEST_F(SessionRoutes, ASystemAdministratorNamesTheTenantWithEachRequest) {
  const auto signed_in = sign_in_with(token(Role::system_admin));
  EXPECT_TRUE(json(signed_in).at("tenant_id").is_null());
  EXPECT_EQ(with_cookie(jar(signed_in), "GET", "/api/v1/deliveries").status, 400);
  auto request = plain("GET", "/api/v1/deliveries");
  request.cookie = jar(signed_in);
  request.tenant_header = "globex";
  EXPECT_EQ(ask(request).status, 200);
  EXPECT_EQ(audited("_system"), "session.signed_in by system_admin,");
}

TEST_F(SessionRoutes, RefusesWhatIsNoBearer) {
  EXPECT_EQ(sign_in("").status, 401);
  EXPECT_EQ(sign_in(R"({"token":"opi_wrong"})").status, 401);
  EXPECT_EQ(sign_in_with("opi_" + std::string(43, 'A')).status, 401);
  EXPECT_EQ(sign_in("token=x").status, 422);
  EXPECT_EQ(sign_in("[]").status, 422);
  EXPECT_EQ(errors(sign_in(R"({"tokn":"x"})")), "tokn: is not a known member\ntoken: is missing");
  EXPECT_EQ(errors(sign_in(R"({"token":7})")), "token: must be a string");
  EXPECT_EQ(errors(sign_in(R"({"token":")" + std::string(8193, 'x') + "\"}")), "token: is longer than 8192 bytes");
  auto form = plain("POST", "/api/v1/session");
  form.content_type = "text/plain";
  EXPECT_EQ(ask(form, R"({"token":"x"})").status, 415);
}

TEST_F(SessionRoutes, FailedSignInsAre429InTheEnd) {
  identity::FailedSignIns strict(audit_log, clock, {});
  identity::Authenticator door(tokens, jwts, sessions, strict, clock, {});
  RouteTable table;
  add_session_routes(table, door, true);
  const RequestHandler handling(table, door, [](const TenantId&) { return true; }, logger, {});
  const auto attempt = [&] { return ask(handling, plain("POST", "/api/v1/session"), R"({"token":"x"})"); };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(attempt().status, 401);
  const auto response = attempt();
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(problem(response), "too-many-requests");
  EXPECT_EQ(header(response, "Retry-After"), "1");
  strict.run_once();
  const auto records = audit_log.read(*TenantId::parse("_system"), 0, 10);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].entry.target, "address:192.0.2.1");
}

TEST_F(SessionRoutes, ARevokedTokenEndsItsSessions) {
  const auto bearer = token(Role::auditor);
  const auto signed_in = sign_in_with(bearer);
  EXPECT_EQ(with_cookie(jar(signed_in), "GET", "/api/v1/session").status, 200);
  EXPECT_EQ(ask(head("DELETE", "/api/v1/tokens/" + bearer.substr(0, 12), token(Role::tenant_admin))).status, 204);
  EXPECT_EQ(with_cookie(jar(signed_in), "GET", "/api/v1/session").status, 401);
}

}  // namespace
}  // namespace opi::api
