#include "administration/views.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "administration/document.hpp"

namespace opi::administration {
namespace {

using secrets::CredentialState;
using namespace std::chrono_literals;

const TenantId acme = *TenantId::parse("acme");

std::string posture_of(const Destination& destination, const std::vector<secrets::CredentialPosture>& postures) {
  return view_of(destination, {}, postures).at("credential_posture").as_string().c_str();
}

TEST(Fingerprints, AreBoundToTenantAndUrlAndStayTheSame) {
  // printf 'opi.endpoint.v1\nacme\nhttps://siem.example/hooks' | sha256sum
  EXPECT_EQ(endpoint_fingerprint(acme, "https://siem.example/hooks"), "ep_ba99f7a12627144d");
  EXPECT_NE(endpoint_fingerprint(acme, "https://siem.example/hooks"),
            endpoint_fingerprint(*TenantId::parse("globex"), "https://siem.example/hooks"));
  EXPECT_NE(endpoint_fingerprint(acme, "https://siem.example/hooks"),
            endpoint_fingerprint(acme, "https://siem.example/hooks/"));
}

TEST(CredentialSummary, IsWhatTheFirstCurrentCredentialLacks) {
  Destination one;
  EXPECT_EQ(posture_of(one, {}), "missing") << "it must sign";
  one.signing = SigningRule::disabled;
  EXPECT_EQ(posture_of(one, {}), "resolved") << "it needs nothing";
  one.signing = SigningRule::required;
  one.credentials = {{"signing", 2, "mem://b", std::nullopt, {}}, {"signing", 1, "mem://a", std::nullopt, {}}};
  EXPECT_EQ(posture_of(one, {{"signing", 2, CredentialState::resolved}, {"signing", 1, CredentialState::missing}}),
            "resolved")
      << "old versions do not count";
  EXPECT_EQ(posture_of(one, {{"signing", 2, CredentialState::denied}, {"signing", 1, CredentialState::resolved}}),
            "denied");
  EXPECT_EQ(posture_of(one, {}), "unavailable");
}

TEST(CredentialSummary, IsMissingWhereThereIsNothingToAuthoriseWith) {
  Destination one;
  one.signing = SigningRule::disabled;
  one.authorization = BearerAuthorization{};
  EXPECT_EQ(posture_of(one, {}), "missing");
  one.credentials = {{"authorization", 1, "mem://a", std::nullopt, {}}};
  EXPECT_EQ(posture_of(one, {{"authorization", 1, CredentialState::resolved}}), "resolved");
}

TEST(Views, ShowOfAnAuthorizationAllButItsTokenUrl) {
  Destination one;
  one.tenant_id = acme;
  EXPECT_TRUE(view_of(one, {}, {}).at("authorization").is_null());
  one.authorization = BasicAuthorization{"bot@acme.example"};
  EXPECT_EQ(boost::json::serialize(view_of(one, {}, {}).at("authorization")),
            R"({"scheme":"basic","username":"bot@acme.example"})");
  one.authorization = ClientCredentialsAuthorization{"https://siem.example/hooks", "client", "a", "b", {}};
  EXPECT_EQ(
      boost::json::serialize(view_of(one, {}, {}).at("authorization")),
      R"({"scheme":"oauth2_client_credentials","token_url":{"fingerprint":"ep_ba99f7a12627144d","scheme":"https"},)"
      R"("client_id":"client","scope":"a","audience":"b","client_authentication":"basic"})");
}

TEST(Views, ShowNeitherEndpointNorReference) {
  Destination one;
  one.tenant_id = acme;
  one.endpoint = "https://geheim.example/geheim";
  one.credentials = {{"signing", 1, "vault://geheim/key", std::nullopt, {}}};
  const auto text = boost::json::serialize(view_of(one, {}, {}));
  EXPECT_EQ(text.find("geheim"), std::string::npos);
  EXPECT_NE(text.find(R"("provider":"vault")"), std::string::npos);
}

TEST(PolicyViews, ForetellTheWaitsWithoutJitterUpToTheCap) {
  DeliveryPolicy policy;
  policy.max_attempts = 4;
  policy.backoff_initial = 100ms;
  policy.backoff_factor = 10;
  policy.backoff_cap = 5s;
  policy.backoff_jitter = 0.5;
  EXPECT_EQ(boost::json::serialize(view_of(PolicyOverride{}, policy).at("schedule_preview_ms")), "[0,100,1000,5000]");
  policy.max_attempts = 1;
  EXPECT_EQ(boost::json::serialize(view_of(PolicyOverride{}, policy).at("schedule_preview_ms")), "[0]");
}

TEST(Documents, AreObjectsOfBoundedDepthThatNameNothingTwice) {
  const auto fault = [](const std::string& text) {
    const auto parsed = parse_document(text);
    const auto* errors = std::get_if<std::vector<delivery::FieldError>>(&parsed);
    return errors == nullptr ? std::string() : errors->front().message;
  };
  const auto nested = [](int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i) text += R"({"a":)";
    return text + "1" + std::string(static_cast<std::size_t>(levels), '}');
  };
  EXPECT_EQ(fault("{}"), "");
  EXPECT_EQ(fault(nested(32)), "");
  EXPECT_NE(fault(nested(33)), "");
  EXPECT_EQ(fault("[]"), "must be a JSON object");
  EXPECT_EQ(fault(R"({"a":1,"a":2})"), "names a member twice");
  EXPECT_NE(fault("{"), "");
  EXPECT_NE(fault(""), "");
}

}  // namespace
}  // namespace opi::administration
