#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.hpp"
#include "unit/api/api_fixture.hpp"
#include "unit/identity/jwt_maker.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class Authentication : public test::WithApi {
 protected:
  Response with_authorization(const std::string& value) {
    auto request = head("GET", "/api/v1/deliveries", "");
    request.authorization = value;
    return ask(request);
  }
};

TEST_F(Authentication, IsRequiredAndSaysHow) {
  const auto response = with_authorization("");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(problem(response), "unauthenticated");
  EXPECT_EQ(header(response, "WWW-Authenticate"), "Bearer");
}

TEST_F(Authentication, RefusesMalformedUnknownAndExpiredTokens) {
  const auto expiring = token(Role::operator_, "acme", clock.unix_now() + 1s);
  EXPECT_EQ(with_authorization("Bearer " + expiring).status, 200);
  clock.advance(1s);
  for (const auto& value : {std::string{"Bearer"}, std::string{"Bearer "}, std::string{"Basic dXNlcjpwdw=="},
                            "Bearer\t" + token(Role::operator_), "Bearer opi_" + std::string(43, 'A'), expiring,
                            "Bearer " + expiring, "Bearer " + std::string(100'000, 'x')}) {
    const auto response = with_authorization(value);
    EXPECT_EQ(response.status, 401) << value.substr(0, 80);
    EXPECT_EQ(response.body.find("opi_"), std::string::npos) << "a token is not repeated";
  }
  EXPECT_THAT(logger.text(), Not(HasSubstr("opi_")));
}

TEST_F(Authentication, OfEveryRoleOnEveryRoute) {
  struct Case {
    const char* method;
    const char* path;
    std::set<Role> allowed;
  };
  const std::set<Role> readers{Role::auditor, Role::operator_, Role::tenant_admin, Role::system_admin};
  const std::string none = "/api/v1/deliveries/01a0c450-8d71-72ae-94f1-f7ce7389e0b5";
  for (const auto& [method, path, allowed] :
       {Case{"POST", "/api/v1/events", {Role::producer, Role::system_admin}},
        Case{"GET", "/api/v1/deliveries", readers}, Case{"GET", none.c_str(), readers},
        Case{"GET", "/api/v1/deliveries/x/attempts", readers}})
    for (const auto role : all_roles) {
      auto request = head(method, path, token(role));
      if (role == Role::system_admin) request.tenant_header = "acme";
      const int status = ask(request, envelope("e-1")).status;
      EXPECT_EQ(status != 403, allowed.contains(role)) << to_string(role) << " " << path << " " << status;
      EXPECT_NE(status, 401);
    }
}

TEST_F(Authentication, ABodyIsReadOnlyFromThoseWhoMaySendIt) {
  auto request = head("POST", "/api/v1/events", token(Role::auditor));
  EXPECT_EQ(ask(request, envelope("e-1")).status, 403);
  request.authorization = "Bearer opi_" + std::string(43, 'A');
  EXPECT_EQ(ask(request, envelope("e-1")).status, 401);
  EXPECT_EQ(bodies_read, 0);
}

TEST_F(Authentication, ATokenIsOfOneTenantWhateverTheHeaderSays) {
  auto request = head("GET", "/api/v1/deliveries", token(Role::operator_));
  request.tenant_header = "acme";
  EXPECT_EQ(ask(request).status, 200);
  request.tenant_header = "globex";
  const auto response = ask(request);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(errors(response), "X-Tenant-Id: is not the token's tenant");
}

TEST_F(Authentication, ASystemAdminNamesTheTenant) {
  auto request = head("GET", "/api/v1/deliveries", token(Role::system_admin));
  auto response = ask(request);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(errors(response), "X-Tenant-Id: is missing");
  request.tenant_header = "Not a tenant";
  response = ask(request);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(errors(response), "X-Tenant-Id: is not a tenant id");
  request.tenant_header = "globex";
  EXPECT_EQ(ask(request).status, 200);
  request.tenant_header = "nobody";
  response = ask(request);
  EXPECT_EQ(problem(response), "not-found");
  request.tenant_header = "_system";
  EXPECT_EQ(ask(request).status, 404) << "the installation has no deliveries";
}

TEST_F(Authentication, AUserOfTheIdentityProviderActsInAKnownTenantUnderTheOwnName) {
  const test::TemporaryFolder folder;
  const test::JwtMaker maker(test::JwtMaker::Kind::p256);
  std::ofstream(folder.path() / "k1.pem") << maker.public_pem();
  const identity::JwtVerifier provider(folder.path().string(), {"iss", "opi"}, clock);
  identity::Authenticator door(tokens, provider, sessions, failed_sign_ins, clock, {});
  const RequestHandler handling(routes, door, [](const TenantId& tenant) { return tenant.str() == "acme"; }, logger,
                                {});
  const auto ask_as = [&](const std::string& tenant, const std::string& method, const std::string& path) {
    const auto expires =
        std::chrono::duration_cast<std::chrono::seconds>(clock.unix_now().time_since_epoch()).count() + 60;
    const auto jwt =
        maker.token(R"({"alg":"ES256","kid":"k1"})",
                    R"({"iss":"iss","aud":"opi","sub":"ann@acme.example","role":"tenant_admin","tenant":")" + tenant +
                        R"(","exp":)" + std::to_string(expires) + "}");
    return ask(handling, head(method, path, jwt), R"({"role":"auditor"})");
  };
  EXPECT_EQ(ask_as("acme", "GET", "/api/v1/deliveries").status, 200);
  EXPECT_EQ(ask_as("nobody", "GET", "/api/v1/deliveries").status, 403);
  EXPECT_EQ(ask_as("acme", "POST", "/api/v1/tokens").status, 201);
  const auto records = audit_log.read(*TenantId::parse("acme"), 0, 100);
  EXPECT_EQ(records.back().entry.actor_kind, audit::ActorKind::user);
  EXPECT_EQ(records.back().entry.actor_id, "ann@acme.example");
}

TEST_F(Authentication, UnknownPathsAndMethodsAreToldApart) {
  EXPECT_EQ(problem(ask(head("GET", "/nothing", ""))), "not-found");
  const auto response = ask(head("DELETE", "/api/v1/events", ""));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(problem(response), "method-not-allowed");
  EXPECT_EQ(header(response, "Allow"), "POST");
}

TEST_F(Authentication, StatusRoutesAreOpen) {
  EXPECT_EQ(ask(head("GET", "/healthz", "")).body, R"({"status":"ok"})");
  EXPECT_EQ(ask(head("GET", "/readyz", "")).status, 200);
  not_ready = "the store cannot be reached";
  const auto response = ask(head("GET", "/readyz", ""));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(problem(response), "unavailable");
  EXPECT_EQ(header(response, "Retry-After"), "5");
  EXPECT_EQ(ask(head("GET", "/healthz", "")).status, 200) << "alive, though not ready";
  const auto metrics = ask(head("GET", "/metrics", ""));
  EXPECT_EQ(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(metrics.body, HasSubstr("opi_events_total"));
}

TEST_F(Authentication, AnAbsentTokenStoreIs503AndADefectIs500WithoutWords) {
  class AwayStore final : public identity::TokenStore {
    std::optional<identity::TokenRecord> find(const identity::TokenHash&) override {
      throw StoreUnavailable("away: pw");
    }
    bool insert(const identity::TokenRecord&, const audit::Entry&) override { return false; }
    std::vector<identity::TokenRecord> list(const TenantId&, const identity::TokenPage&) override { return {}; }
    identity::RevokeResult revoke(const TenantId&, const std::string&, UnixTime, const audit::Entry&) override {
      return identity::RevokeResult::unknown;
    }
  } away;
  identity::TokenVerifier verifier(away, clock, {});
  identity::Authenticator door(verifier, jwts, sessions, failed_sign_ins, clock, {});
  const auto request = head("GET", "/api/v1/deliveries", token(Role::operator_));
  const auto known = [](const TenantId&) { return true; };
  const auto response = ask(RequestHandler(routes, door, known, logger, {7}), request);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(header(response, "Retry-After"), "7");
  EXPECT_EQ(response.body.find("pw"), std::string::npos);
  RouteTable broken;
  broken.add({"GET", "/x", std::nullopt, [](const Request&) -> Response { throw std::logic_error("secret detail"); }});
  const auto failed = ask(RequestHandler(broken, authenticator, known, logger, {}), head("GET", "/x", ""));
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(problem(failed), "internal");
  EXPECT_EQ(failed.body.find("secret detail"), std::string::npos);
  EXPECT_THAT(logger.text(), HasSubstr("secret detail"));
}

}  // namespace
}  // namespace opi::api
