// The published vectors of Standard Webhooks, through the adapter's signing and the host's keys.
#include "plugins/abi.hpp"
// After it, so that both sides see one declaration of the ABI.
#include <gmock/gmock.h>

#include "plugins/request_assembly.hpp"
#include "signature.hpp"

namespace opi::webhook {
namespace {

using ::testing::ElementsAre;

class Signatures : public ::testing::Test {
 protected:
  Signatures() {
    component_.slots = {{"signing", ""}};
    component_.egress = {"{endpoint}"};
    destination_.endpoint = "https://receiver.example/hook";
  }
  void add_secret(std::string_view value) {
    if (secrets_.purposes.empty()) secrets_.purposes.push_back({"signing", {}, {}});
    secrets_.purposes[0].versions.push_back({std::make_shared<secrets::Secret>(value), std::to_string(value.size())});
  }
  std::vector<delivery::Header> headers(Scheme scheme, const SignedMessage& message) {
    plugins::RequestAssembly assembly(component_, destination_, secrets_);
    sdk::RequestBuilder request(assembly.out());
    request.url(destination_.endpoint).header("User-Agent", "test");
    sign(request, scheme, message);
    auto rendering = std::move(assembly).finish("");
    EXPECT_TRUE(rendering.ok) << rendering.error;
    EXPECT_TRUE(rendering.is_signed);
    rendering.request.headers.erase(rendering.request.headers.begin());
    return rendering.request.headers;
  }

  plugins::Component component_;
  Destination destination_;
  secrets::SecretSet secrets_;
};

TEST_F(Signatures, MatchTheFirstPublishedVector) {
  add_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  EXPECT_THAT(
      headers(Scheme::standard_webhooks, {"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})"}),
      ElementsAre(delivery::Header{"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}));
}

TEST_F(Signatures, MatchTheSecondPublishedVector) {
  add_secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
  EXPECT_THAT(headers(Scheme::standard_webhooks, {"msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", "1649367553",
                                                  R"({"email":"test@example.com","username":"test_user"})"}),
              ElementsAre(delivery::Header{"webhook-signature", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="}));
}

TEST_F(Signatures, HaveOneTokenForEachLiveSecretTheCurrentFirst) {
  add_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  add_secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
  const auto found =
      headers(Scheme::standard_webhooks, {"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].value,
              ::testing::MatchesRegex("v1,g0hM9SsE.OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,[A-Za-z0-9+/]{43}="));
}

// printf '1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac 'plain text key'
TEST_F(Signatures, OfOneProtectV1AreHexOverTimestampAndBody) {
  add_secret("plain text key");
  add_secret("an older key");
  const auto found = headers(Scheme::oneprotect_v1, {"msg_1", "1614265330", R"({"test": 2432232314})"});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0], (delivery::Header{"X-OneProtect-Timestamp", "1614265330"}));
  EXPECT_EQ(found[1], (delivery::Header{"X-OneProtect-Signature",
                                        "b37329fe32e05c1191bddb8a36ad34120a51d5d46d5ae9d296b5c8364ec54ae4"}));
  EXPECT_EQ(found[2].name, "X-OneProtect-Signature-Previous");
  EXPECT_EQ(found[2].value.size(), 64u);
}

}  // namespace
}  // namespace opi::webhook
