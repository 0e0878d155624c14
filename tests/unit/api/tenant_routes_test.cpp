#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

class TenantRoutes : public test::WithAdministration {
 protected:
  // As a system administrator who names no tenant.
  Response admin(const std::string& method, const std::string& path, const std::string& body = {},
                 const std::string& if_match = {}, std::map<std::string, std::string> parameters = {}) {
    auto request = head(method, path, token(Role::system_admin));
    request.if_match = if_match;
    request.query = std::move(parameters);
    return ask(std::move(request), body);
  }
};

TEST_F(TenantRoutes, ASystemAdministratorNeedsToNameNoTenant) {
  EXPECT_EQ(column(admin("GET", "/api/v1/tenants"), "tenants", "tenant_id"), "acme,globex");
  EXPECT_EQ(admin("GET", "/api/v1/destinations").status, 400) << "but for everything else";
}

TEST_F(TenantRoutes, CreatingAndRenaming) {
  const auto created = admin("POST", "/api/v1/tenants", R"({"tenant_id":"initech","name":"Initech"})");
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(header(created, "Location"), "/api/v1/tenants/initech");
  EXPECT_EQ(created.body, R"({"tenant_id":"initech","name":"Initech"})");
  EXPECT_EQ(last_audited("initech").action, audit::Action::tenant_created);
  EXPECT_EQ(last_audited("initech").actor_role, "system_admin");
  const auto again = admin("POST", "/api/v1/tenants", R"({"tenant_id":"initech","name":"Other"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(problem(again), "exists");
  const auto renamed = admin("PUT", "/api/v1/tenants/initech", R"({"name":"Initech AG"})", etag(created));
  EXPECT_EQ(renamed.status, 200);
  EXPECT_EQ(last_audited("initech").action, audit::Action::tenant_changed);
  EXPECT_EQ(admin("PUT", "/api/v1/tenants/initech", R"({"name":"x"})", etag(created)).status, 412);
  EXPECT_EQ(admin("GET", "/api/v1/tenants/initech").body, renamed.body);
  for (const char* unknown : {"hooli", "Hooli", "_system"}) {
    EXPECT_EQ(admin("GET", "/api/v1/tenants/" + std::string(unknown)).status, 404) << unknown;
    EXPECT_EQ(admin("PUT", "/api/v1/tenants/" + std::string(unknown), R"({"name":"x"})").status, 404) << unknown;
  }
}

TEST_F(TenantRoutes, RenamingKeepsThePolicy) {
  call("PUT", "/api/v1/policy", R"({"max_attempts":2})", "*");
  admin("PUT", "/api/v1/tenants/acme", R"({"name":"Acme AG"})");
  EXPECT_EQ(json(read("/api/v1/policy")).at("policy").at("max_attempts").as_int64(), 2);
}

TEST_F(TenantRoutes, FaultsNameTheirFields) {
  EXPECT_EQ(errors(admin("POST", "/api/v1/tenants", R"({"tenant_id":"_system","colour":1})")),
            "colour: is not a known member\n"
            "tenant_id: may hold lower-case letters, digits, '-' and '_', and not begin with '_'\nname: is missing");
  EXPECT_EQ(errors(admin("PUT", "/api/v1/tenants/acme", R"({"name":")" + std::string(201, 'n') + "\"}")),
            "name: is longer than 200 bytes");
  EXPECT_EQ(admin("PUT", "/api/v1/tenants/acme", R"({"name":")" + std::string(200, 'n') + "\"}").status, 200);
}

TEST_F(TenantRoutes, AreListedInPages) {
  const auto first = admin("GET", "/api/v1/tenants", {}, {}, {{"limit", "1"}});
  EXPECT_EQ(column(first, "tenants", "tenant_id"), "acme");
  const auto second =
      admin("GET", "/api/v1/tenants", {}, {}, {{"limit", "1"}, {"cursor", text(json(first).at("next_cursor"))}});
  EXPECT_EQ(column(second, "tenants", "tenant_id"), "globex");
  EXPECT_TRUE(json(second).at("next_cursor").is_null());
}

TEST_F(TenantRoutes, AreForSystemAdministratorsAlone) {
  for (const auto role : {Role::producer, Role::auditor, Role::operator_, Role::tenant_admin}) {
    EXPECT_EQ(call("GET", "/api/v1/tenants", {}, {}, role).status, 403);
    EXPECT_EQ(call("GET", "/api/v1/tenants/acme", {}, {}, role).status, 403);
    EXPECT_EQ(call("POST", "/api/v1/tenants", R"({"tenant_id":"x","name":"x"})", {}, role).status, 403);
    EXPECT_EQ(call("PUT", "/api/v1/tenants/acme", R"({"name":"x"})", {}, role).status, 403);
  }
}

TEST_F(TenantRoutes, AdaptersShowWhatIsLoadedAndWhatIsRefused) {
  const auto response = read("/api/v1/adapters");
  const auto adapter = json(response).at("adapters").as_array().at(0).as_object();
  EXPECT_EQ(text(adapter.at("adapter")), "webhook");
  EXPECT_EQ(text(adapter.at("plugin").at("id")), "oneprotect.webhook");
  EXPECT_EQ(text(adapter.at("plugin").at("file")).find('/'), std::string::npos);
  EXPECT_TRUE(adapter.at("config_schema").at("properties").as_object().contains("method"));
  EXPECT_EQ(text(adapter.at("credential_slots").as_array().at(0).at("purpose")), "signing");
  EXPECT_EQ(json(read("/api/v1/adapters/webhook")), adapter);
  EXPECT_EQ(read("/api/v1/adapters/pigeon").status, 404);
  const auto refused = json(response).at("refused").as_array().at(0).as_object();
  EXPECT_EQ(text(refused.at("file")), "broken.so");
  EXPECT_EQ(text(refused.at("stage")), "inspect");
  EXPECT_FALSE(text(refused.at("code")).empty() || text(refused.at("remedy")).empty());
  EXPECT_EQ(response.body.find("plugins.d"), std::string::npos) << "no directory";
  EXPECT_EQ(call("GET", "/api/v1/adapters", {}, {}, Role::producer).status, 403);
}

TEST(PluginPaths, AreCutToTheirLastName) {
  using plugins::without_directories;
  EXPECT_EQ(without_directories("loaded already, from /usr/lib/x/webhook.so"), "loaded already, from webhook.so");
  EXPECT_EQ(without_directories("/a/b.so: cannot open (/c/d) \"/e/f g\""), "b.so: cannot open (d) \"f g\"");
  EXPECT_EQ(without_directories("1/2 and \"and/or\""), "1/2 and \"and/or\"");
  EXPECT_EQ(without_directories(""), "");
}

TEST(ConfigFields, FollowTheJsonPointer) {
  EXPECT_EQ(plugins::config_field(""), "config");
  EXPECT_EQ(plugins::config_field("/headers/X-Team"), "config.headers.X-Team");
  EXPECT_EQ(plugins::config_field("/a~1b/0/c~0d"), "config.a/b[0].c~d");
}

}  // namespace
}  // namespace opi::api
