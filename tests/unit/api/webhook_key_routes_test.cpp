#include "api/webhook_key_routes.hpp"

#include <gmock/gmock.h>

#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using test::destination_id;
using ::testing::HasSubstr;
using ::testing::Not;

// RFC 8032, section 7.1, tests 1 and 2.
constexpr const char* private_1 = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
constexpr const char* private_2 = "whsk_TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=";
constexpr const char* public_1 = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
constexpr const char* public_2 = "whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

class WebhookKeyRoutes : public test::WithAdministration {
 protected:
  static constexpr int burst = 5;
  WebhookKeyRoutes() {
    auto& values = engine().provider->values;
    values["mem://one"] = private_1;
    values["mem://two"] = private_2;
    values["mem://shared"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    add_webhook_key_routes(routes, editor, credential_check, clock, {1, burst});
    call("DELETE", path_of(1) + "/credentials/signing");
  }
  // Anybody: no bearer, no tenant.
  Response keys(const std::string& id = destination_id(1).to_string(), const std::string& address = {}) {
    RequestHead request;
    request.method = "GET";
    request.path = "/.well-known/webhook-keys/" + id;
    request.if_none_match = known;
    // Each from another address, or they would be too many.
    request.address = address.empty() ? "192.0.2." + std::to_string(++addresses_) : address;
    return ask(request);
  }
  static std::string names(const Response& response) {
    return response.status == 200 ? column(response, "keys", "whpk") : std::to_string(response.status);
  }
  Response put(const std::string& name) {
    return call("PUT", path_of(1) + "/credentials/signing", R"({"reference":"mem://)" + name + "\"}");
  }
  Response rotate(const std::string& name) {
    return call("POST", path_of(1) + "/credentials/signing:rotate",
                R"({"reference":"mem://)" + name + R"(","overlap_ms":60000})");
  }
  std::string known;

 private:
  int addresses_ = 0;
};

TEST_F(WebhookKeyRoutes, AnybodyMayReadThePublicKeyAndNothingElse) {
  put("one");
  const auto response = keys();
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type, "application/jwk-set+json");
  EXPECT_EQ(header(response, "Cache-Control"), "public, max-age=300");
  // RFC 8037, appendix A, has this key and its thumbprint.
  EXPECT_EQ(response.body,
            R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","use":"sig",)"
            R"("alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","whpk":")" +
                std::string(public_1) + "\"}]}");
  known = header(response, "ETag");
  EXPECT_EQ(keys().status, 304);
  EXPECT_EQ(keys().body, "");
}

TEST_F(WebhookKeyRoutes, AfterARotationBothAreThereUntilTheOldOneEnds) {
  put("one");
  EXPECT_EQ(names(keys()), public_1);
  rotate("two");
  EXPECT_EQ(names(keys()), std::string(public_2) + "," + public_1) << "the current one first, at once";
  clock.advance(WebhookKeyLimits::kept + 1s);
  EXPECT_EQ(names(keys()), public_2);
}

TEST_F(WebhookKeyRoutes, WhatHasNoneIsNotFoundLikeWhatDoesNotExist) {
  EXPECT_EQ(names(keys()), "404") << "no credential";
  put("shared");
  EXPECT_EQ(names(keys()), "404") << "a secret that the receiver has, too";
  put("gone");
  EXPECT_EQ(names(keys()), "404") << "none that can be found";
  for (const auto* id : {"00000000-0000-4000-8000-0000000000ff", "1", "signing"}) EXPECT_EQ(names(keys(id)), "404");
  const auto one = keys(), other = keys("00000000-0000-4000-8000-0000000000ff");
  EXPECT_EQ(one.body, other.body);
}

TEST_F(WebhookKeyRoutes, AreAskedForOnceAMinuteHoweverManyAsk) {
  auto& provider = *engine().provider;
  put("one");
  EXPECT_EQ(names(keys()), public_1);
  provider.values["mem://one"] = private_2;
  clock.advance(WebhookKeyLimits::kept - 1ms);
  EXPECT_EQ(names(keys()), public_1);
}

TEST_F(WebhookKeyRoutes, AStoreThatIsAwayIsNotTakenForNoKey) {
  engine().provider->statuses = {{"mem://away", secrets::ResolveStatus::unavailable}};
  put("away");
  const auto response = keys();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(header(response, "Retry-After"), "5");
}

TEST_F(WebhookKeyRoutes, AnAddressAsksAsOftenAsATokenMay) {
  put("one");
  const auto id = destination_id(1).to_string();
  for (int i = 0; i < burst; ++i) EXPECT_EQ(keys(id, "198.51.100.1").status, 200);
  EXPECT_EQ(keys(id, "198.51.100.1").status, 429);
  EXPECT_EQ(keys(id, "198.51.100.2").status, 200);
  clock.advance(1s);
  EXPECT_EQ(keys(id, "198.51.100.1").status, 200);
}

TEST_F(WebhookKeyRoutes, TheDestinationTellsThemTooAndNeverThePrivateHalf) {
  const auto response = put("one");
  const auto row = json(response).at("credentials").as_array().at(0).as_object();
  EXPECT_EQ(row.at("public_keys"), boost::json::array{public_1});
  EXPECT_TRUE(row.at("warning").is_null());
  const auto destination = json(read(path_of(1)));
  EXPECT_EQ(destination.at("credentials").at(0).at("public_keys"), boost::json::array{public_1});
  engine().provider->values["mem://short"] = "whsec_Zm9v";
  const auto warned = json(put("short")).at("credentials").at(0).as_object();
  EXPECT_EQ(text(warned.at("warning")), "the key has 3 bytes; Standard Webhooks asks for 24 to 64");
  EXPECT_EQ(warned.at("public_keys"), boost::json::array{});
  for (const auto& body : {response.body, keys().body, read(path_of(1)).body, logger.text()})
    EXPECT_THAT(body, Not(HasSubstr("nWGxne")));
}

TEST_F(WebhookKeyRoutes, AKeyOfTheWrongFormIsUnusable) {
  engine().provider->values["mem://broken"] = "whsk_bcUrWCxnFdULeBuDW6zfGe6Z";
  EXPECT_EQ(column(put("broken"), "credentials", "posture"), "unusable");
  EXPECT_EQ(names(keys()), "404");
}

}  // namespace
}  // namespace opi::api
