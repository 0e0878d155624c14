#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/timestamp.hpp"
#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

class TokenRoutes : public test::WithApi {
 protected:
  Response ask_as(const std::string& bearer, const std::string& method, const std::string& path,
                  const std::string& body = "", const std::string& tenant = "",
                  std::map<std::string, std::string> parameters = {}) {
    auto request = head(method, path, bearer);
    request.tenant_header = tenant;
    request.query = std::move(parameters);
    return ask(request, body);
  }
  Response issue(const std::string& body) { return ask_as(admin, "POST", "/api/v1/tokens", body); }
  // Labels of a page, comma-separated.
  std::string labels(const Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    std::string all;
    const auto body = json(response);
    for (const auto& row : body.at("tokens").as_array()) all += text(row.at("label")) + ",";
    return all;
  }
  const std::string admin = token(Role::tenant_admin);
};

TEST_F(TokenRoutes, ATokenIsShownOnceAndWorks) {
  const auto response = issue(R"({"role":"producer","label":"alert pipeline","expires_in_days":30})");
  EXPECT_EQ(response.status, 201) << response.body;
  const auto body = json(response);
  const auto fresh = text(body.at("token"));
  EXPECT_TRUE(identity::is_token_shaped(fresh));
  EXPECT_EQ(text(body.at("prefix")), fresh.substr(0, 12));
  EXPECT_EQ(text(body.at("role")), "producer");
  EXPECT_EQ(text(body.at("label")), "alert pipeline");
  EXPECT_EQ(tokens.verify(fresh)->tenant.str(), "acme");
  clock.advance(30 * 24h);
  EXPECT_FALSE(tokens.verify(fresh));
  const auto list = ask_as(admin, "GET", "/api/v1/tokens");
  EXPECT_EQ(list.body.find(fresh), std::string::npos);
  EXPECT_EQ(list.body.find("hash"), std::string::npos);
  const auto records = audit_log.read(*TenantId::parse("acme"), 0, 100);
  EXPECT_EQ(records.back().entry.action, audit::Action::token_issued);
  EXPECT_EQ(records.back().entry.actor_id, admin.substr(0, 12));
  EXPECT_EQ(records.back().entry.actor_role, "tenant_admin");
  EXPECT_EQ(records.back().entry.details.find(fresh), std::string::npos);
}

TEST_F(TokenRoutes, ATokenEndsWithWhatItsIssuerCameWithAtTheLatest) {
  const auto issuer = token(Role::tenant_admin, "acme", clock.unix_now() + 36h);
  const auto end_of = [&](const std::string& more) {
    const auto response = ask_as(issuer, "POST", "/api/v1/tokens", R"({"role":"tenant_admin")" + more + "}");
    EXPECT_EQ(response.status, 201) << response.body;
    return text(json(response).at("expires_at"));
  };
  EXPECT_EQ(end_of(""), to_rfc3339(clock.unix_now() + 36h));
  EXPECT_EQ(end_of(R"(,"expires_in_days":2)"), to_rfc3339(clock.unix_now() + 36h));
  EXPECT_EQ(end_of(R"(,"expires_in_days":1)"), to_rfc3339(clock.unix_now() + 24h));
  EXPECT_TRUE(json(issue(R"({"role":"auditor"})")).at("expires_at").is_null()) << "whose own token never ends";
}

TEST_F(TokenRoutes, ATenantAdminIssuesEveryRoleButSystemAdmin) {
  for (const auto role : all_roles) {
    const int status = issue(R"({"role":")" + std::string(to_string(role)) + "\"}").status;
    EXPECT_EQ(status, role == Role::system_admin ? 403 : 201) << to_string(role);
  }
}

TEST_F(TokenRoutes, ASystemAdminIssuesForATenantOrForTheInstallation) {
  const auto system = token(Role::system_admin);
  const auto issue_for = [&](const std::string& tenant, const std::string& role) {
    return ask_as(system, "POST", "/api/v1/tokens", R"({"role":")" + role + "\"}", tenant).status;
  };
  EXPECT_EQ(issue_for("globex", "tenant_admin"), 201);
  EXPECT_EQ(issue_for("globex", "system_admin"), 403);
  EXPECT_EQ(issue_for("nobody", "auditor"), 404);
  EXPECT_EQ(issue_for("_system", "system_admin"), 201);
  EXPECT_EQ(issue_for("_system", "auditor"), 403);
  EXPECT_EQ(ask_as(admin, "GET", "/api/v1/tokens", "", "_system").status, 403);
}

TEST_F(TokenRoutes, WhatIsWrongIsNamedAtOnce) {
  EXPECT_EQ(errors(issue(R"({"role":"root","label":7,"expires_in_days":0,"tenant":"x"})")),
            "tenant: is not a known member\nlabel: must be a string\nexpires_in_days: must be a whole number from 1 to "
            "3650");
  EXPECT_EQ(errors(issue(R"({"role":"root"})")),
            "role: must be producer, auditor, operator, tenant_admin or system_admin");
  EXPECT_EQ(errors(issue("{}")), "role: is missing");
  EXPECT_EQ(issue(R"({"role":"auditor","expires_in_days":3650})").status, 201);
  EXPECT_EQ(issue(R"({"role":"auditor","expires_in_days":3651})").status, 422);
  EXPECT_EQ(issue(R"({"role":"auditor","label":")" + std::string(200, 'x') + "\"}").status, 201);
  EXPECT_EQ(issue(R"({"role":"auditor","label":")" + std::string(201, 'x') + "\"}").status, 422);
  EXPECT_EQ(issue("").status, 422);
  EXPECT_EQ(issue("[]").status, 422);
}

TEST_F(TokenRoutes, AreListedNewestFirstInPagesOfTheTenantAlone) {
  for (int i = 1; i <= 5; ++i) {
    clock.advance(1ms);
    issue(R"({"role":"auditor","label":"t)" + std::to_string(i) + "\"}");
  }
  token(Role::auditor, "globex");
  EXPECT_EQ(labels(ask_as(admin, "GET", "/api/v1/tokens")), "t5,t4,t3,t2,t1,test,");
  std::string all;
  std::map<std::string, std::string> parameters{{"limit", "2"}};
  for (int pages = 0; pages < 5; ++pages) {
    const auto page = ask_as(admin, "GET", "/api/v1/tokens", "", "", parameters);
    all += labels(page) + ";";
    const auto next = json(page).at("next_cursor");
    if (next.is_null()) break;
    parameters["cursor"] = text(next);
  }
  EXPECT_EQ(all, "t5,t4,;t3,t2,;t1,test,;;");
}

TEST_F(TokenRoutes, ParametersOfTheListAreChecked) {
  const auto parameters = [&](const std::string& name, const std::string& value) {
    return errors(ask_as(admin, "GET", "/api/v1/tokens", "", "", {{name, value}}));
  };
  EXPECT_EQ(parameters("limit", "200"), "");
  for (const char* wrong : {"0", "201", "x", "", "1.5"})
    EXPECT_EQ(parameters("limit", wrong), "limit: must be 1 to 200");
  for (const char* wrong : {"", "1", ".x", "x.y", "1.", "-1.opi", "1.o'p", "99999999999999999999.opi"})
    EXPECT_EQ(parameters("cursor", wrong), "cursor: must be next_cursor of an earlier page") << wrong;
  EXPECT_EQ(parameters("page", "2"), "page: is not a parameter of this resource");
}

TEST_F(TokenRoutes, ARevocationIsFeltAtOnceAndOnlyOnceRecorded) {
  const auto doomed = token(Role::auditor);
  const std::string path = "/api/v1/tokens/" + doomed.substr(0, 12);
  EXPECT_EQ(ask(head("GET", "/api/v1/deliveries", doomed)).status, 200);
  const auto records = [&] { return audit_log.read(*TenantId::parse("acme"), 0, 1000).size(); };
  const auto before = records();
  EXPECT_EQ(ask_as(admin, "DELETE", path).status, 204);
  EXPECT_EQ(ask(head("GET", "/api/v1/deliveries", doomed)).status, 401);
  EXPECT_EQ(ask_as(admin, "DELETE", path).status, 204) << "done is done";
  EXPECT_EQ(records(), before + 1);
  const auto rows = json(ask_as(admin, "GET", "/api/v1/tokens")).at("tokens").as_array();
  for (const auto& row : rows)
    EXPECT_EQ(row.at("revoked_at").is_null(), text(row.at("prefix")) != doomed.substr(0, 12));
}

TEST_F(TokenRoutes, OfAnotherTenantDoNotExist) {
  const auto theirs = token(Role::auditor, "globex");
  EXPECT_EQ(ask_as(admin, "DELETE", "/api/v1/tokens/" + theirs.substr(0, 12)).status, 404);
  EXPECT_TRUE(tokens.verify(theirs));
  for (const auto& name : {std::string{"opi_absent"}, std::string(33, 'x'), std::string{"a'b"}})
    EXPECT_EQ(ask_as(admin, "DELETE", "/api/v1/tokens/" + name).status, 404) << name;
}

TEST_F(TokenRoutes, AreOfTenantAdminsAlone) {
  for (const auto role : {Role::producer, Role::auditor, Role::operator_})
    for (const auto& [method, path] :
         {std::pair{"GET", "/api/v1/tokens"}, {"POST", "/api/v1/tokens"}, {"DELETE", "/api/v1/tokens/opi_x"}})
      EXPECT_EQ(ask_as(token(role), method, path, R"({"role":"auditor"})").status, 403) << to_string(role) << method;
}

}  // namespace
}  // namespace opi::api
