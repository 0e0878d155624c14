#include <boost/json/serialize.hpp>

#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

constexpr const char* as_client =
    R"("authorization":{"scheme":"oauth2_client_credentials","token_url":"https://id.example/token/topsecret",)"
    R"("client_id":"client","scope":"alerts","client_authentication":"post"})";

class DestinationAuthorization : public test::WithAdministration {
 protected:
  std::string shown(const Response& response) { return boost::json::serialize(json(response).at("authorization")); }
  Response replace(const std::string& path, const std::string& more) {
    return call("PUT", path, R"({"name":"SIEM","adapter":"webhook","event_types":["alert.*"])" + more + "}", "*");
  }
  std::optional<Authorization> stored(const std::string& path) {
    const auto id = *DestinationId::parse(path.substr(path.rfind('/') + 1));
    return catalog_store.load().destinations.at(id)->authorization;
  }
};

TEST_F(DestinationAuthorization, IsShownWithoutItsTokenUrl) {
  const auto path = given("," + std::string(as_client));
  const auto response = read(path);
  const auto fingerprint = text(json(response).at("authorization").at("token_url").at("fingerprint"));
  EXPECT_TRUE(fingerprint.starts_with("ep_"));
  EXPECT_EQ(
      shown(response),
      R"({"scheme":"oauth2_client_credentials","token_url":{"fingerprint":")" + fingerprint +
          R"(","scheme":"https"},"client_id":"client","scope":"alerts","audience":"","client_authentication":"post"})");
  EXPECT_EQ(response.body.find("topsecret"), std::string::npos);
  EXPECT_EQ(text(json(response).at("credential_posture")), "missing");
  for (const auto& record : audited()) EXPECT_EQ(record.entry.details.find("topsecret"), std::string::npos);
  EXPECT_EQ(logger.text().find("topsecret"), std::string::npos);
}

TEST_F(DestinationAuthorization, StaysUnlessItIsReplacedOrTakenAway) {
  const auto path = given("," + std::string(as_client));
  const auto before = stored(path);
  ASSERT_TRUE(before);
  EXPECT_EQ(replace(path, "").status, 200);
  EXPECT_EQ(stored(path), before);
  EXPECT_EQ(replace(path, R"(,"authorization":{"scheme":"oauth2_client_credentials","client_id":"other"})").status,
            200);
  const auto changed = std::get<ClientCredentialsAuthorization>(stored(path).value());
  EXPECT_EQ(changed.token_url, "https://id.example/token/topsecret");
  EXPECT_EQ(changed.client_id, "other");
  EXPECT_EQ(changed.scope, "") << "what is left out of it takes its default";
  EXPECT_NE(last_audited().details.find(R"("changed":["authorization"])"), std::string::npos);
  EXPECT_EQ(shown(replace(path, R"(,"authorization":{"scheme":"bearer"})")), R"({"scheme":"bearer"})");
  EXPECT_EQ(shown(replace(path, R"(,"authorization":null)")), "null");
  EXPECT_EQ(stored(path), std::nullopt);
}

TEST_F(DestinationAuthorization, FaultsAreReportedUnderTheirFields) {
  const auto errors_of = [&](const std::string& authorization) {
    const auto response = call("POST", "/api/v1/destinations", document(R"(,"authorization":)" + authorization));
    EXPECT_EQ(response.status, 422) << authorization;
    return errors(response);
  };
  EXPECT_EQ(errors_of(R"({"scheme":"basic","username":"a:b","password":"geheim"})"),
            "authorization.password: is not a known member\nauthorization.username: may not hold ':'");
  EXPECT_EQ(errors_of(R"("bearer")"), "authorization: must be an object");
  EXPECT_EQ(errors_of(R"({"scheme":"oauth2_client_credentials","client_id":"c"})"),
            "authorization.token_url: is missing");
}

TEST_F(DestinationAuthorization, ATokenUrlIsJudgedAsAnEndpointIs) {
  for (const char* url : {"http://169.254.169.254/token", "https://10.0.0.1/token", "ftp://id.example/",
                          "https://user:geheim@id.example/"}) {
    const auto response =
        call("POST", "/api/v1/destinations",
             document(R"(,"authorization":{"scheme":"oauth2_client_credentials","client_id":"c","token_url":")" +
                      std::string(url) + "\"}"));
    EXPECT_EQ(response.status, 422) << url;
    EXPECT_TRUE(errors(response).starts_with("authorization.token_url: ")) << errors(response);
    EXPECT_EQ(response.body.find("geheim"), std::string::npos);
  }
}

TEST_F(DestinationAuthorization, ItsSecretIsSetUnderThePurposeOfTheHost) {
  const auto path = given(R"(,"authorization":{"scheme":"bearer"})");
  EXPECT_EQ(call("PUT", path + "/credentials/authorization", R"({"reference":"mem://a"})").status, 200);
  EXPECT_EQ(call("POST", path + "/credentials/authorization:rotate", R"({"reference":"mem://b"})").status, 200);
  EXPECT_EQ(call("PUT", path + "/credentials/client_certificate", R"({"reference":"mem://c"})").status, 200);
}

TEST_F(DestinationAuthorization, AClientCertificateIsRefusedWhereverThereIsNoTls) {
  const std::string plain = R"({"name":"x","adapter":"webhook","event_types":["*"],"endpoint":"http://siem.example/",)"
                            R"("authorization":{"scheme":"bearer"}})";
  const auto path = header(call("POST", "/api/v1/destinations", plain), "Location");
  EXPECT_EQ(errors(call("PUT", path + "/credentials/client_certificate", R"({"reference":"mem://a"})")),
            "purpose: is a client certificate, and the destination's endpoint is not https");
  EXPECT_EQ(call("PUT", path + "/credentials/authorization", R"({"reference":"mem://a"})").status, 200);
  const auto safe = given();
  EXPECT_EQ(call("PUT", safe + "/credentials/client_certificate", R"({"reference":"mem://safe"})").status, 200);
  EXPECT_EQ(errors(replace(safe, R"(,"endpoint":"http://siem.example/")")),
            "endpoint: must be https: the destination has a client certificate");
  EXPECT_EQ(errors(replace(safe, R"(,"authorization":{"scheme":"oauth2_client_credentials","client_id":"c",)"
                                 R"("token_url":"http://id.example/"})")),
            "authorization.token_url: must be https: the destination has a client certificate");
}

}  // namespace
}  // namespace opi::api
