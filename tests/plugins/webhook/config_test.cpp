#include "config.hpp"

#include <gmock/gmock.h>

namespace opi::webhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

void expect_refused(std::string_view json, const char* field) {
  EXPECT_THAT([&] { parse_config(json); }, ThrowsMessage<sdk::Failure>(StartsWith(field))) << json;
}

TEST(WebhookConfig, HasDefaultsThatSign) {
  const auto config = parse_config("{}");
  EXPECT_EQ(config.method, "POST");
  EXPECT_EQ(config.body, Body::envelope);
  EXPECT_EQ(config.content_type, "application/json");
  EXPECT_THAT(config.signatures, ElementsAre(Scheme::standard_webhooks));
}

TEST(WebhookConfig, NamesTheFieldThatIsWrong) {
  expect_refused(R"({"method":"GET"})", "method:");
  expect_refused(R"({"body":"xml"})", "body:");
  expect_refused(R"({"body":"template"})", "template:");
  expect_refused(R"({"template":"{}"})", "template:");
  expect_refused(R"({"missing":"ignore"})", "missing:");
  expect_refused(R"({"content_type":"text/plain"})", "content_type:");
  expect_refused(R"({"content_type":"application/x\r\n+json"})", "content_type:");
  expect_refused(R"({"signatures":["md5"]})", "signatures:");
  expect_refused(R"({"signatures":["oneprotect-v1","oneprotect-v1"]})", "signatures:");
  expect_refused(R"({"headers":{"X-A":1}})", "headers:");
  EXPECT_EQ(parse_config(R"({"content_type":"application/vnd.acme.v2+json"})").content_type,
            "application/vnd.acme.v2+json");
}

TEST(WebhookConfig, KeepsHeadersOfTheHostAndTheAdapterToThemselves) {
  for (const std::string name : {"Host",
                                 "content-length",
                                 "Transfer-Encoding",
                                 "Connection",
                                 "TE",
                                 "Trailer",
                                 "Upgrade",
                                 "Expect",
                                 "Proxy-Authorization",
                                 "proxy-anything",
                                 "Content-Type",
                                 "User-Agent",
                                 "Webhook-Id",
                                 "webhook-anything",
                                 "X-OneProtect-Signature",
                                 "x-oneprotect-anything",
                                 "Idempotency-Key",
                                 "X-Correlation-Id",
                                 "traceparent",
                                 "Authorization",
                                 "Cookie",
                                 "X-Api-Key"})
    expect_refused(R"({"headers":{")" + name + R"(":"v"}})", "headers:");
  EXPECT_NO_THROW(parse_config(R"({"headers":{"X-Team":"blue team","X-Empty":""}})"));
}

TEST(WebhookConfig, RefusesHeaderInjection) {
  for (const auto* const header : {R"("X-A":"a\r\nX-B: b")", R"("X-A\r\nX-B":"a")", R"("X-A":"\u0000")",
                                   R"("X-A":" a")", R"("X-A":"ü")", R"("X A":"a")", R"("":"a")"})
    expect_refused(std::string(R"({"headers":{)") + header + "}}", "headers:");
}

TEST(HeaderText, EncodesWhatAHeaderCannotCarry) {
  EXPECT_EQ(kit::header_text("corr-1:a.b"), "corr-1:a.b");
  EXPECT_EQ(kit::header_text("ü %\n"), "%C3%BC%20%25%0A");
}

}  // namespace
}  // namespace opi::webhook
