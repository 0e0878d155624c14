#include "crypto/digest.hpp"
#include "domain/timestamp.hpp"
#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

// Destination 1 without credentials, delivered to by the webhook plugin. Secrets "mem://a" to "mem://d" have values of
// their own.
class CredentialRoutes : public test::WithAdministration {
 protected:
  CredentialRoutes() {
    for (const char* name : {"a", "b", "c", "d"})
      engine().provider->values["mem://" + std::string(name)] = value_of(name);
    registry.instead = &plugin;
    call("DELETE", of("/signing"));
  }

  static std::string value_of(const std::string& name) { return "value-of-secret-" + name; }
  static std::string of(const std::string& below = {}) { return path_of(1) + "/credentials" + below; }
  static std::string reference(const std::string& name, const std::string& more = {}) {
    return R"({"reference":"mem://)" + name + "\"" + more + "}";
  }
  // "version posture" of each, comma-separated.
  std::string list() {
    std::string all;
    const auto body = json(read(of()));
    for (const auto& row : body.at("credentials").as_array())
      all += (all.empty() ? "" : ",") + std::to_string(row.at("version").as_int64()) + " " + text(row.at("posture"));
    return all;
  }
  // The secrets whose MACs a delivery carries, in their order.
  std::string signers() {
    publish_and_dispatch("e-" + std::to_string(++events_));
    if (transport.under_way.empty()) return "nothing was sent";
    const auto request = transport.under_way.front().request;
    transport.answer(200);
    engine().settler.run_once();
    std::map<std::string, std::string> fields;
    for (const auto& field : request.headers) fields[field.name] = field.value;
    const auto message = fields["webhook-id"] + "." + fields["webhook-timestamp"] + "." + request.body;
    std::map<std::string, std::string> names;
    for (const char* name : {"a", "b", "c", "d"}) {
      const auto value = value_of(name);
      const auto mac =
          crypto::hmac_sha256({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()}, message);
      names["v1," + crypto::to_base64(mac)] = name;
    }
    std::string found;
    std::istringstream list_of_macs(fields["webhook-signature"]);
    for (std::string token; list_of_macs >> token;) found += names.contains(token) ? names[token] : "?";
    return found;
  }

 private:
  plugins::PluginAdapterRegistry plugin{test::WebhookPlugin::instance().host(), {"OneProtect/test"}, logger};
  int events_ = 0;
};

TEST_F(CredentialRoutes, AReferenceIsPutByPurposeAndNeverShownAgain) {
  EXPECT_EQ(signers(), "nothing was sent");
  const auto response = call("PUT", of("/signing"), reference("a"));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body.find("mem://a"), std::string::npos);
  const auto row = json(response).at("credentials").as_array().at(0).as_object();
  EXPECT_EQ(text(row.at("purpose")), "signing");
  EXPECT_EQ(row.at("version").as_int64(), 1);
  EXPECT_TRUE(row.at("current").as_bool());
  EXPECT_EQ(text(row.at("provider")), "mem");
  EXPECT_EQ(text(row.at("posture")), "resolved");
  EXPECT_EQ(text(row.at("created_at")), to_rfc3339(clock.unix_now()));
  EXPECT_TRUE(row.at("expires_at").is_null());
  EXPECT_EQ(etag(response), etag(read(path_of(1))));
  for (const auto& path : {of(), path_of(1), std::string("/api/v1/destinations")})
    EXPECT_EQ(read(path).body.find("mem://"), std::string::npos) << path;
  const auto entry = last_audited();
  EXPECT_EQ(entry.action, audit::Action::credential_set);
  EXPECT_EQ(entry.details, R"({"purpose":"signing","version":1})");
  EXPECT_EQ(text(json(read(path_of(1))).at("credential_posture")), "resolved");
}

TEST_F(CredentialRoutes, PuttingReplacesAtOnceAndTheSameChangesNothing) {
  call("PUT", of("/signing"), reference("a"));
  EXPECT_EQ(signers(), "a");
  const auto before = etag(read(of()));
  EXPECT_EQ(etag(call("PUT", of("/signing"), reference("a"))), before);
  call("PUT", of("/signing"), reference("b"));
  EXPECT_EQ(list(), "2 resolved");
  EXPECT_EQ(signers(), "b");
}

TEST_F(CredentialRoutes, RotatingSignsWithBothUntilTheOverlapEnds) {
  call("PUT", of("/signing"), reference("a"));
  EXPECT_EQ(signers(), "a");
  const auto rotated = call("POST", of("/signing:rotate"), reference("b", R"(,"overlap_ms":60000)"));
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  EXPECT_EQ(list(), "2 resolved,1 resolved");
  const auto rows = json(rotated).at("credentials").as_array();
  EXPECT_TRUE(rows[0].at("current").as_bool());
  EXPECT_FALSE(rows[1].at("current").as_bool());
  EXPECT_EQ(text(rows[1].at("expires_at")), to_rfc3339(clock.unix_now() + 60s));
  EXPECT_EQ(signers(), "ba") << "the new one first";
  clock.advance(58s);
  EXPECT_EQ(signers(), "ba");
  clock.advance(3s);
  EXPECT_EQ(signers(), "b") << "not a delivery longer, whatever is cached";
  EXPECT_EQ(list(), "2 resolved,1 expired");
  EXPECT_EQ(last_audited().action, audit::Action::delivery_delivered);
}

TEST_F(CredentialRoutes, AnotherRotationNeverProlongsAnOldSecret) {
  call("PUT", of("/signing"), reference("a"));
  call("POST", of("/signing:rotate"), reference("b", R"(,"overlap_ms":60000)"));
  call("POST", of("/signing:rotate"), reference("c"));
  EXPECT_EQ(signers(), "cba");
  clock.advance(61s);
  EXPECT_EQ(signers(), "cb") << "a's overlap was a minute, b's is a day";
  clock.advance(24h);
  EXPECT_EQ(signers(), "c");
  call("POST", of("/signing:rotate"), reference("d", R"(,"overlap_ms":0)"));
  EXPECT_EQ(list(), "4 resolved") << "what has expired is gone with the next rotation";
  EXPECT_EQ(signers(), "d");
}

TEST_F(CredentialRoutes, RotationHasItsLimits) {
  EXPECT_EQ(call("POST", of("/signing:rotate"), reference("a")).status, 404) << "there is nothing to rotate";
  call("PUT", of("/signing"), reference("a"));
  const auto overlap = [&](const std::string& milliseconds) {
    return call("POST", of("/signing:rotate"), reference("b", R"(,"overlap_ms":)" + milliseconds));
  };
  EXPECT_EQ(overlap("-1").status, 422);
  EXPECT_EQ(overlap("2592000001").status, 422) << "30 days and a millisecond";
  EXPECT_TRUE(errors(overlap("2592000001")).starts_with("overlap_ms: "));
  for (int version = 2; version <= 5; ++version) EXPECT_EQ(overlap("2592000000").status, 200) << version;
  EXPECT_EQ(errors(overlap("1000")), "purpose: has 5 live versions already; revoke one first");
  EXPECT_EQ(call("DELETE", of("/signing/versions/1")).status, 200);
  EXPECT_EQ(overlap("1000").status, 200);
}

TEST_F(CredentialRoutes, RevokingEndsAVersionOrAllOfThem) {
  call("PUT", of("/signing"), reference("a"));
  call("POST", of("/signing:rotate"), reference("b"));
  EXPECT_EQ(signers(), "ba");
  EXPECT_EQ(call("DELETE", of("/signing/versions/1")).status, 200);
  EXPECT_EQ(last_audited().details, R"({"purpose":"signing","version":1})");
  EXPECT_EQ(last_audited().action, audit::Action::credential_revoked);
  EXPECT_EQ(signers(), "b");
  for (const char* unknown : {"/signing/versions/1", "/signing/versions/x", "/signing/versions/99999999999", "/other"})
    EXPECT_EQ(call("DELETE", of(unknown)).status, 404) << unknown;
  EXPECT_EQ(call("DELETE", of("/signing")).status, 200);
  EXPECT_EQ(list(), "");
  EXPECT_EQ(signers(), "nothing was sent") << "never unsigned";
}

TEST_F(CredentialRoutes, APostureTellsWhatDeliveriesWouldGet) {
  auto& provider = *engine().provider;
  const auto posture = [&](const std::string& name) {
    const auto response = call("PUT", of("/signing"), reference(name));
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(text(json(read(path_of(1))).at("credential_posture")), column(response, "credentials", "posture"));
    return column(response, "credentials", "posture");
  };
  provider.statuses = {{"mem://gone", secrets::ResolveStatus::not_found},
                       {"mem://locked", secrets::ResolveStatus::denied},
                       {"mem://away", secrets::ResolveStatus::unavailable}};
  provider.values["mem://keyless"] = "";
  EXPECT_EQ(posture("a"), "resolved");
  EXPECT_EQ(posture("gone"), "missing");
  EXPECT_EQ(posture("keyless"), "missing");
  EXPECT_EQ(posture("locked"), "denied");
  EXPECT_EQ(posture("away"), "unavailable");
}

TEST_F(CredentialRoutes, AReferenceIsCheckedByItsProviderAndNotRepeated) {
  engine().provider->forbidden = "mem://globex/";
  const std::vector<std::pair<std::string, std::string>> bad{
      {R"({"reference":"mem://globex/geheim"})", "reference: names another tenant's secret"},
      {R"({"reference":"k8s://geheim/b/c"})", "reference: no secret provider for the reference's scheme is loaded"},
      {R"({"reference":"geheim"})",
       "reference: must be a reference such as k8s://namespace/secret/key, never the secret itself"},
      {R"({})", "reference: is missing"},
      {R"({"reference":"mem://a","value":"geheim"})", "value: is not a known member"},
      {R"({"reference":"mem://)" + std::string(507, 'g') + "\"}", "reference: is longer than 512 bytes"}};
  for (const auto& [body, expected] : bad) {
    const auto response = call("PUT", of("/signing"), body);
    EXPECT_EQ(response.status, 422) << body;
    EXPECT_EQ(errors(response), expected);
    EXPECT_EQ(response.body.find("geheim"), std::string::npos);
  }
  EXPECT_EQ(call("PUT", of("/signing"), R"({"reference":"mem://)" + std::string(506, 'g') + "\"}").status, 200);
  EXPECT_EQ(errors(call("PUT", of("/authorisation"), reference("a"))),
            "purpose: is not a credential that the destination's adapter uses");
  EXPECT_EQ(call("PUT", of("/si gning"), reference("a")).status, 422);
  EXPECT_EQ(call("PUT", of("/signing"), reference("a"), "\"1\"").status, 412);
  EXPECT_EQ(logger.text().find("geheim"), std::string::npos);
}

TEST_F(CredentialRoutes, AreSetByAdministratorsAlone) {
  for (const auto role : {Role::auditor, Role::operator_}) {
    EXPECT_EQ(call("GET", of(), {}, {}, role).status, 200);
    EXPECT_EQ(call("PUT", of("/signing"), reference("a"), {}, role).status, 403);
    EXPECT_EQ(call("POST", of("/signing:rotate"), reference("a"), {}, role).status, 403);
    EXPECT_EQ(call("DELETE", of("/signing"), {}, {}, role).status, 403);
    EXPECT_EQ(call("DELETE", of("/signing/versions/1"), {}, {}, role).status, 403);
  }
  EXPECT_EQ(call("GET", of(), {}, {}, Role::producer).status, 403);
}

}  // namespace
}  // namespace opi::api
