#include "sqlite/query.hpp"
#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

// A destination that is sent to with a bearer's secret, which somebody put for it, and a tenant_admin who would have
// it.
class SecretReceiverRoutes : public test::WithAdministration {
 protected:
  SecretReceiverRoutes() {
    for (const char* name : {"a", "b", "key"})
      engine().provider->values["mem://" + std::string(name)] = "value-of-secret-" + std::string(name);
    registry.instead = &plugin;
    siem = given(bearer);
    put(siem, "mem://a");
  }

  api::Response put(const std::string& path, const std::string& reference, Role role = Role::tenant_admin,
                    const std::string& purpose = "authorization", const std::string& how = {}) {
    return call(how.empty() ? "PUT" : "POST", path + "/credentials/" + purpose + how,
                R"({"reference":")" + reference + "\"}", {}, role);
  }
  api::Response replace(const std::string& more) {
    const auto text = document(more);
    return call("PUT", siem, text, "*");
  }
  api::Response move(const std::string& endpoint) {
    return call("PUT", siem,
                R"({"name":"SIEM","adapter":"webhook","event_types":["alert.*"],"signing":"disabled","endpoint":")" +
                    endpoint + "\"}",
                "*");
  }
  // The URL and the authorization of what an event brings to the wire; "nothing" if it brings nothing.
  std::string sent() {
    clock.advance(6s);  // what is held is looked at again after five
    publish_and_dispatch("e-" + std::to_string(++events_));
    std::string all;
    while (!transport.under_way.empty()) {
      const auto request = transport.under_way.front().request;
      for (const auto& field : request.headers)
        if (field.name == "Authorization") all += request.url + " " + field.value + "\n";
      transport.answer(200);
    }
    engine().settler.run_once();
    return all.empty() ? "nothing" : all.substr(0, all.find('\n'));
  }
  std::string posture() { return text(json(read(siem)).at("credential_posture")); }

  static constexpr const char* bearer = R"(,"signing":"disabled","authorization":{"scheme":"bearer"})";
  static constexpr const char* refusal =
      "reference: is of a secret that was put for another receiver; only a system_admin may put it here";
  std::string siem;

 private:
  plugins::PluginAdapterRegistry plugin{test::WebhookPlugin::instance().host(), {"OneProtect/test"}, logger};
  int events_ = 0;
};

TEST_F(SecretReceiverRoutes, AMovedDestinationIsHeldUntilItsSecretIsPutAgain) {
  EXPECT_EQ(sent(), "https://siem.example/hooks?key=topsecret Bearer value-of-secret-a");
  ASSERT_EQ(move("https://else.example/in").status, 200);
  EXPECT_EQ(last_audited().details, R"({"changed":["endpoint"],"unbound":["authorization"]})");
  EXPECT_EQ(posture(), "unbound");
  EXPECT_EQ(sent(), "nothing");
  const auto test = call("POST", siem + ":test");
  EXPECT_EQ(test.status, 409);
  EXPECT_EQ(problem(test), "credential-unbound");
  ASSERT_EQ(put(siem, "mem://b").status, 200);
  EXPECT_EQ(posture(), "resolved");
  EXPECT_EQ(sent(), "https://else.example/in Bearer value-of-secret-b") << "what waited is not lost";
}

TEST_F(SecretReceiverRoutes, TheSameSecretIsPutAgainBySystemAdministratorsAlone) {
  move("https://else.example/in");
  EXPECT_EQ(errors(put(siem, "mem://a")), refusal);
  EXPECT_EQ(errors(put(siem, "mem://a", Role::tenant_admin, "authorization", ":rotate")), refusal);
  EXPECT_EQ(sent(), "nothing");
  ASSERT_EQ(put(siem, "mem://a", Role::system_admin).status, 200);
  EXPECT_EQ(last_audited().details, R"({"purpose":"authorization","version":1,"bound_again":true})");
  EXPECT_EQ(sent(), "https://else.example/in Bearer value-of-secret-a");
}

TEST_F(SecretReceiverRoutes, ASecretThatIsPutBeforeItsAuthorizationIsRefusedAndNotBurnt) {
  const auto fresh = given(R"(,"signing":"disabled")", "Fresh");
  EXPECT_EQ(errors(put(fresh, "mem://b")),
            "purpose: is of an authorization, and the destination has none yet: set that first");
  ASSERT_EQ(call("PUT", fresh, document(bearer), "*").status, 200);
  EXPECT_EQ(put(fresh, "mem://b").status, 200);
}

TEST_F(SecretReceiverRoutes, ASecretIsNotReadThroughASecondDestination) {
  const auto second = given(R"(,"signing":"disabled","authorization":{"scheme":"header","header":"X-Leak"})", "Second");
  EXPECT_EQ(errors(put(second, "mem://a")), refusal) << "the same host, in another place of the request";
  EXPECT_EQ(errors(put(second, "mem://a", Role::tenant_admin, "signing")), refusal);
  EXPECT_EQ(put(given(bearer, "Third"), "mem://a").status, 200) << "the same receiver";
}

// Of a provider whose references are not the tenants' own.
TEST_F(SecretReceiverRoutes, AnotherTenantsSecretIsNotOnesOwnAtTheSameReceiver) {
  const auto theirs = call("POST", "/api/v1/destinations", document(bearer), {}, Role::tenant_admin, {}, "globex");
  const auto path = header(theirs, "Location") + "/credentials/authorization";
  const auto put_there = [&](const std::string& reference, Role role) {
    return call("PUT", path, R"({"reference":")" + reference + "\"}", {}, role, {}, "globex");
  };
  EXPECT_EQ(errors(put_there("mem://a", Role::tenant_admin)), refusal);
  EXPECT_EQ(put_there("mem://b", Role::tenant_admin).status, 200);
  EXPECT_EQ(put_there("mem://a", Role::system_admin).status, 200);
}

TEST_F(SecretReceiverRoutes, NeitherRevokingNorDeletingSetsASecretFree) {
  EXPECT_EQ(call("DELETE", siem + "/credentials/authorization").status, 200);
  move("https://else.example/in");
  EXPECT_EQ(errors(put(siem, "mem://a")), refusal);
  EXPECT_EQ(call("DELETE", siem).status, 204);
  siem = given(bearer);
  move("https://else.example/in");
  EXPECT_EQ(errors(put(siem, "mem://a")), refusal);
}

// Such as one that an older version stored.
TEST_F(SecretReceiverRoutes, ASecretThatIsBoundToNothingIsPutBySystemAdministratorsAlone) {
  sqlite::Query{*database.writer(), {"unbind", "UPDATE integration_credentials SET bound_to = ''"}}.run();
  sqlite::Query{*database.writer(), {"forget", "DELETE FROM integration_secret_receivers"}}.run();
  const auto elsewhere = given(bearer, "Elsewhere");
  EXPECT_EQ(errors(put(elsewhere, "mem://a")), refusal);
  ASSERT_EQ(move("https://else.example/in").status, 200);
  EXPECT_EQ(posture(), "unbound");
  EXPECT_EQ(sent(), "nothing");
  EXPECT_EQ(errors(put(siem, "mem://a")), refusal);
  EXPECT_EQ(put(siem, "mem://a", Role::system_admin).status, 200);
  EXPECT_EQ(sent(), "https://else.example/in Bearer value-of-secret-a");
}

TEST_F(SecretReceiverRoutes, OneSecretTooManyIsRefused) {
  sqlite::Query{*database.writer(), {"many", R"(
    INSERT INTO integration_secret_receivers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
    SELECT 'acme', 'mem://0/' || i, 'r' FROM n)"}}
      .run();
  const auto refused = put(siem, "mem://b");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(errors(refused),
            "reference: is one too many: this tenant's secrets have been put for 10000 receivers; those "
            "that it has named already can be put again");
  EXPECT_EQ(put(siem, "mem://a").status, 200) << "found behind all the others";
  const auto second = given(R"(,"signing":"disabled","authorization":{"scheme":"header","header":"X-Leak"})", "Second");
  EXPECT_EQ(errors(put(second, "mem://a")), refusal);
}

TEST_F(SecretReceiverRoutes, AnotherSchemeUnbindsTooAndTheWayBackBindsAgain) {
  ASSERT_EQ(replace(R"(,"signing":"disabled","authorization":{"scheme":"header","header":"X-Leak"})").status, 200);
  EXPECT_EQ(posture(), "unbound");
  EXPECT_EQ(sent(), "nothing");
  ASSERT_EQ(replace(bearer).status, 200);
  EXPECT_EQ(posture(), "resolved");
  EXPECT_EQ(sent(), "https://siem.example/hooks?key=topsecret Bearer value-of-secret-a");
}

TEST_F(SecretReceiverRoutes, ADeliveryThatIsUnderWayKeepsTheReceiverItBeganWith) {
  replace(R"(,"signing":"disabled","authorization":{"scheme":"oauth2_client_credentials",)"
          R"("token_url":"https://id.example/token","client_id":"c"})");
  ASSERT_EQ(put(siem, "mem://b").status, 200);
  clock.advance(6s);
  publish_and_dispatch("e-oauth");
  std::vector<std::string> with_token;
  while (!transport.under_way.empty()) {
    const auto request = transport.under_way.front().request;
    const bool asks_for_token = request.url == "https://id.example/token";
    if (asks_for_token) {
      EXPECT_EQ(move("https://else.example/in").status, 200);
    }
    for (const auto& field : request.headers)
      if (field.value == "Bearer t0ken") with_token.push_back(request.url);
    transport.answer(200, asks_for_token ? R"({"access_token":"t0ken","token_type":"bearer"})" : "");
  }
  EXPECT_EQ(with_token, std::vector<std::string>{"https://siem.example/hooks?key=topsecret"});
  engine().settler.run_once();
  EXPECT_EQ(sent(), "nothing") << "what begins after the change";
}

}  // namespace
}  // namespace opi::api
