#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "crypto/digest.hpp"
#include "crypto/ed25519.hpp"
#include "plugins/plugin_adapter_directory.hpp"
#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using namespace std::chrono_literals;

// The webhook plugin as it ships, through the host.
class Webhook : public ::testing::Test {
 protected:
  Webhook() {
    lab_.add(OPI_TEST_WEBHOOK);
    host_ = lab_.load();
    registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{"OneProtect/test"},
                                                        lab_.logger());
    destination_.tenant_id = *TenantId::parse("acme");
    destination_.adapter = "webhook";
    destination_.endpoint = "https://receiver.example/hook";
    destination_.config = "{}";
    event_.tenant_id = destination_.tenant_id;
    event_.event_id = *EventId::parse("evt-1");
    event_.event_type = "alert.created";
    event_.schema_version = "1.0";
    event_.source = "oneprotect.detection";
    event_.timestamp = "2026-11-23T10:00:00Z";
    event_.correlation_id = "corr ü";
    event_.payload = R"({"alert":{"title":"Ü \"x\"","score":1.50}, "n": 12345678901234567890})";
    for (std::size_t i = 0; i < key_.bytes.size(); ++i) key_.bytes[i] = static_cast<std::uint8_t>(i);
    add_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  }
  void add_secret(std::string_view value) {
    if (secrets_.purposes.empty()) secrets_.purposes.push_back({"signing", {}, {}});
    secrets_.purposes[0].versions.push_back({std::make_shared<secrets::Secret>(value), "1"});
  }
  delivery::AttemptContext context() const {
    return {event_,
            destination_,
            delivery_,
            key_,
            3,
            UnixTime{1'700'000'000'999ms},
            UnixTime{1'699'999'000'000ms},
            {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  }
  std::shared_ptr<const delivery::Adapter> adapter() {
    ++destination_.revision;
    const auto found = registry_->find(destination_);
    EXPECT_EQ(found.held_reason, "");
    return found.adapter;
  }
  delivery::Rendering render() { return adapter()->render(context(), secrets_); }
  delivery::HttpRequest request() {
    auto rendering = render();
    EXPECT_TRUE(rendering.ok) << rendering.error;
    return rendering.request;
  }
  static std::string header(const delivery::HttpRequest& request, std::string_view name) {
    for (const auto& header : request.headers)
      if (header.name == name) return header.value;
    return "(absent)";
  }
  Outcome interpret(int status, std::vector<delivery::Header> headers = {}) {
    delivery::HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = "said the receiver";
    return adapter()->interpret(context(), response);
  }

  PluginLab lab_;
  std::unique_ptr<PluginHost> host_;
  std::unique_ptr<PluginAdapterRegistry> registry_;
  Destination destination_;
  Event event_;
  DeliveryId delivery_;
  IdempotencyKey key_;
  secrets::SecretSet secrets_;
};

TEST_F(Webhook, SendsTheEnvelopeWithThePayloadAsItWasWritten) {
  const auto sent = request();
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.url, "https://receiver.example/hook");
  EXPECT_EQ(
      sent.body,
      R"({"event_id":"evt-1","event_type":"alert.created","schema_version":"1.0","tenant_id":"acme",)"
      R"("source":"oneprotect.detection","timestamp":"2026-11-23T10:00:00Z","correlation_id":"corr ü","causation_id":null,)"
      R"("payload":{"alert":{"title":"Ü \"x\"","score":1.50}, "n": 12345678901234567890}})");
  EXPECT_NO_THROW((void)boost::json::parse(sent.body));
}

TEST_F(Webhook, NamesAndSignsItsMessage) {
  const auto sent = request();
  const std::string id = "msg_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  EXPECT_EQ(header(sent, "webhook-id"), id);
  EXPECT_EQ(header(sent, "Idempotency-Key"), id.substr(4));
  EXPECT_EQ(header(sent, "webhook-timestamp"), "1700000000");
  const auto mac =
      crypto::hmac_sha256(*crypto::from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), id + ".1700000000." + sent.body);
  EXPECT_EQ(header(sent, "webhook-signature"), "v1," + crypto::to_base64(mac));
  EXPECT_TRUE(render().is_signed);
}

TEST_F(Webhook, CarriesCorrelationTraceAndType) {
  const auto sent = request();
  EXPECT_EQ(header(sent, "Content-Type"), "application/json");
  EXPECT_EQ(header(sent, "X-Correlation-Id"), "corr%20%C3%BC");
  EXPECT_EQ(header(sent, "X-OneProtect-Event-Type"), "alert.created");
  EXPECT_EQ(header(sent, "User-Agent"), "OneProtect/test");
  EXPECT_THAT(header(sent, "traceparent"), MatchesRegex("00-[0-9a-f]{32}-0102030405060709-01"));
  const auto trace = header(sent, "traceparent").substr(3, 32);
  event_.event_id = *EventId::parse("evt-2");
  EXPECT_EQ(header(request(), "traceparent").substr(3, 32), trace) << "one correlation, one trace";
  event_.correlation_id = "another";
  EXPECT_NE(header(request(), "traceparent").substr(3, 32), trace);
}

TEST_F(Webhook, IsPureSoThatThePreviewIsTheRequest) {
  const auto once = adapter();
  const auto a = once->render(context(), secrets_), b = once->render(context(), secrets_);
  EXPECT_EQ(a.request.headers, b.request.headers);
  EXPECT_EQ(a.request.body, b.request.body);
}

TEST_F(Webhook, SendsThePayloadAloneOrATemplate) {
  destination_.config =
      R"({"body":"payload","method":"PUT","content_type":"application/vnd.acme+json","headers":{"X-Team":"blue"}})";
  auto sent = request();
  EXPECT_EQ(sent.body, event_.payload);
  EXPECT_EQ(sent.method, "PUT");
  EXPECT_EQ(header(sent, "Content-Type"), "application/vnd.acme+json");
  EXPECT_EQ(header(sent, "X-Team"), "blue");
  destination_.config =
      R"({"body":"template","template":"{\"text\":\"{{event_type}}: {{payload.alert.title}}\",\"n\":{{payload.n}}}"})";
  EXPECT_EQ(request().body, R"({"text":"alert.created: Ü \"x\"","n":12345678901234567890})");
}

TEST_F(Webhook, SendsACloudEventInStructuredMode) {
  destination_.config = R"({"body":"cloudevents","content_type":"application/vnd.acme+json"})";
  event_.source = "acme detection:1 #a#[b]%20%2";
  event_.timestamp = "2016-12-31t23:59:60.125z";
  event_.payload = " {\"n\": 12345678901234567890} ";
  const auto sent = request();
  EXPECT_EQ(header(sent, "Content-Type"), "application/cloudevents+json");
  EXPECT_EQ(
      sent.body,
      R"({"specversion":"1.0","id":"evt-1","source":"acme%20detection%3A1%20#a%23%5Bb%5D%20%252","type":"alert.created",)"
      R"("datacontenttype":"application/vnd.acme+json","time":"2016-12-31T23:59:59Z","tenantid":"acme",)"
      R"("schemaversion":"1.0","correlationid":"corr ü","data":{"n": 12345678901234567890}})");
  for (const auto& field : sent.headers) EXPECT_FALSE(field.name.starts_with("ce-")) << field.name;
  EXPECT_NE(header(sent, "webhook-signature"), "(absent)");
}

TEST_F(Webhook, SendsACloudEventInBinaryMode) {
  destination_.config = R"({"body":"cloudevents-binary","headers":{"X-Team":"blue"}})";
  event_.source = "https://detect.example:8443/a?b=c";
  event_.timestamp = "2026-11-23T10:00:00.5+02:00";
  event_.correlation_id = "corr ü\"%";
  const auto sent = request();
  EXPECT_EQ(sent.body, event_.payload);
  EXPECT_EQ(header(sent, "Content-Type"), "application/json");
  std::string attributes;
  for (const auto& field : sent.headers)
    if (field.name.starts_with("ce-")) attributes += field.name + "=" + field.value + "\n";
  EXPECT_EQ(attributes,
            "ce-specversion=1.0\nce-id=evt-1\nce-source=https://detect.example:8443/a?b=c\nce-type=alert.created\n"
            "ce-time=2026-11-23T10:00:00+02:00\nce-tenantid=acme\nce-schemaversion=1.0\n"
            "ce-correlationid=corr%20%C3%BC%22%25\n");
  EXPECT_EQ(header(sent, "X-Team"), "blue");
}

TEST_F(Webhook, TakesNoAttributesOfACloudEventFromItsConfiguration) {
  const PluginAdapterDirectory directory(*host_);
  for (const auto* body : {"cloudevents", "cloudevents-binary"}) {
    destination_.config = R"({"headers":{"Ce-Id":"x"},"body":")" + std::string(body) + "\"}";
    const auto errors = directory.refusal(destination_);
    ASSERT_EQ(errors.size(), 1u) << body;
    EXPECT_EQ(errors.at(0).field, "config.headers");
    EXPECT_THAT(errors.at(0).message, HasSubstr("\"Ce-Id\" would be an attribute of the CloudEvent"));
  }
  destination_.config = R"({"headers":{"Ce-Id":"x"}})";
  EXPECT_TRUE(directory.refusal(destination_).empty()) << "of another body it is a header like any other";
}

TEST_F(Webhook, FailsForGoodIfATemplateValueIsMissingAndMustNotBe) {
  destination_.config = R"({"body":"template","template":"[{{payload.x}}]","missing":"error"})";
  const auto rendering = render();
  EXPECT_FALSE(rendering.ok);
  EXPECT_FALSE(rendering.retryable);
  EXPECT_THAT(rendering.error, HasSubstr("{{payload.x}} has no value"));
}

TEST_F(Webhook, SignsWithEveryLiveSecretInBothSchemes) {
  add_secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
  destination_.config = R"({"signatures":["standard-webhooks","oneprotect-v1"]})";
  const auto sent = request();
  EXPECT_THAT(header(sent, "webhook-signature"), MatchesRegex("v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}="));
  EXPECT_EQ(header(sent, "X-OneProtect-Timestamp"), "1700000000");
  const auto mac =
      crypto::hmac_sha256(*crypto::from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "1700000000." + sent.body);
  EXPECT_EQ(header(sent, "X-OneProtect-Signature"), crypto::to_hex(mac));
  EXPECT_THAT(header(sent, "X-OneProtect-Signature-Previous"), MatchesRegex("[0-9a-f]{64}"));
}

// RFC 8032, section 7.1, test 1.
constexpr const char* private_key = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

TEST_F(Webhook, SignsByTheFormOfEachSecretInOneHeader) {
  secrets_.purposes[0].versions.clear();
  add_secret(private_key);
  add_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const auto sent = request();
  const auto signatures = header(sent, "webhook-signature");
  ASSERT_THAT(signatures, MatchesRegex("v1a,[A-Za-z0-9+/]{86}== v1,[A-Za-z0-9+/]{43}=")) << "the current one first";
  const auto signature = crypto::from_base64(signatures.substr(4, 88)).value();
  const auto message = header(sent, "webhook-id") + ".1700000000." + sent.body;
  const auto public_key =
      crypto::ed25519_public_key("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").value();
  crypto::Ed25519Signature bytes{};
  std::ranges::copy(signature, bytes.begin());
  EXPECT_TRUE(crypto::verify_ed25519(public_key, message, bytes));
  EXPECT_FALSE(crypto::verify_ed25519(public_key, message + " ", bytes));
  const auto mac = crypto::hmac_sha256(*crypto::from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), message);
  EXPECT_THAT(signatures, ::testing::EndsWith(" v1," + crypto::to_base64(mac)));
}

TEST_F(Webhook, RefusesAPrivateKeyWhereTheReceiverHasTheSameKeyAndNeverRepeatsIt) {
  secrets_.purposes[0].versions.clear();
  add_secret(private_key);
  destination_.config = R"({"signatures":["standard-webhooks","oneprotect-v1"]})";
  const auto rendering = render();
  EXPECT_FALSE(rendering.ok);
  EXPECT_TRUE(rendering.retryable) << "who stored the secret can mend it";
  EXPECT_EQ(rendering.unusable_purpose, "signing");
  EXPECT_THAT(rendering.error, HasSubstr("Ed25519 private key (whsk_)"));
  EXPECT_THAT(rendering.error, ::testing::Not(HasSubstr("nWGxne")));
}

TEST_F(Webhook, NeverGoesUnsignedWhereSigningIsRequired) {
  secrets_.purposes.clear();
  EXPECT_THAT(render().error, HasSubstr("no credential for the purpose \"signing\""));
  EXPECT_TRUE(render().retryable);
  secrets_.purposes.push_back({"signing", {}, "backend down"});
  EXPECT_THAT(render().error, HasSubstr("backend down"));
  secrets_.purposes[0].versions.push_back({std::make_shared<secrets::Secret>("whsec_!!!"), "1"});
  EXPECT_THAT(render().error,
              AllOf(HasSubstr("whsec_ must be followed by standard base64"), ::testing::Not(HasSubstr("!!!"))));
}

TEST_F(Webhook, GoesUnsignedOnlyWhereSigningIsDisabled) {
  destination_.signing = SigningRule::disabled;
  destination_.config = R"({"signatures":[]})";
  EXPECT_TRUE(render().ok);
  EXPECT_FALSE(render().is_signed);
  destination_.config = "{}";
  EXPECT_TRUE(render().is_signed) << "a secret that is there is used";
  secrets_.purposes.clear();
  const auto rendering = render();
  EXPECT_TRUE(rendering.ok) << rendering.error;
  EXPECT_FALSE(rendering.is_signed);
  EXPECT_EQ(header(rendering.request, "webhook-signature"), "(absent)");
  secrets_.purposes.push_back({"signing", {}, "backend down"});
  EXPECT_FALSE(render().ok) << "a secret that is meant to be there is waited for";
}

TEST_F(Webhook, RefusesBadConfigurationsByTheirField) {
  const auto held = [&](const std::string& config) {
    destination_.config = config;
    ++destination_.revision;
    return registry_->find(destination_).held_reason;
  };
  EXPECT_THAT(held(R"({"methd":"POST"})"), HasSubstr("/methd is not a known field"));
  EXPECT_THAT(held(R"({"method":"GET"})"), HasSubstr("/method is not one of"));
  EXPECT_THAT(held(R"({"headers":{"Host":"x"}})"), HasSubstr("headers: \"Host\""));
  EXPECT_THAT(held(R"({"body":"template","template":"{{nope}}"})"), HasSubstr("template: at byte 0"));
  const PluginAdapterDirectory directory(*host_);
  EXPECT_EQ(directory.check_config("webhook", R"({"method":"GET"})").at(0).field, "config.method");
  EXPECT_EQ(directory.check_config("webhook", R"({"signatures":["oneprotect-v1","x"]})").at(0).field,
            "config.signatures[1]");
  EXPECT_TRUE(directory.check_config("webhook", R"({"method":"PATCH"})").empty());
  const auto refused = [&](const std::string& config) {
    destination_.config = config;
    const auto errors = directory.refusal(destination_);
    return errors.empty() ? "" : errors.at(0).field + " " + errors.at(0).message;
  };
  EXPECT_THAT(refused(R"({"headers":{"Authorization":"x"}})"), HasSubstr("config.headers \"Authorization\" is set by"));
  EXPECT_THAT(refused(R"({"body":"template","template":"{{nope}}"})"), HasSubstr("config.template at byte 0"));
  EXPECT_THAT(refused(R"({"signatures":[]})"), HasSubstr("config.signatures is empty"));
  destination_.signing = SigningRule::disabled;
  EXPECT_EQ(refused(R"({"signatures":[]})"), "");
  destination_.adapter = "nobody's";
  EXPECT_EQ(refused("{}"), "") << "it is not loaded, which others say";
}

TEST_F(Webhook, JudgesByStatus) {
  for (const int status : {200, 201, 204, 299}) EXPECT_EQ(interpret(status).verdict, Verdict::delivered) << status;
  for (const int status : {301, 302, 307, 304}) {
    EXPECT_EQ(interpret(status).verdict, Verdict::reject) << status;
    EXPECT_THAT(interpret(status).detail, HasSubstr("redirects are not followed"));
  }
  EXPECT_EQ(interpret(410).verdict, Verdict::disable);
  EXPECT_FALSE(interpret(410).by_status);
  for (const int status : {400, 401, 403, 404, 408, 409, 422, 500, 502, 504}) {
    EXPECT_TRUE(interpret(status).by_status) << status;
    EXPECT_EQ(interpret(status).reason, "http_" + std::to_string(status));
    EXPECT_EQ(interpret(status).http_status, status);
  }
  EXPECT_EQ(interpret(500).response_summary, "said the receiver");
}

TEST_F(Webhook, HonoursRetryAfter) {
  const auto throttled = interpret(429, {{"Retry-After", "7"}});
  EXPECT_EQ(throttled.verdict, Verdict::throttle);
  EXPECT_EQ(throttled.retry_after, 7s);
  EXPECT_EQ(interpret(429).retry_after, std::nullopt);
  const auto unavailable = interpret(503, {{"RETRY-AFTER", "Tue, 14 Nov 2023 22:14:20 GMT"}});  // a minute after now
  EXPECT_EQ(unavailable.verdict, Verdict::retry);
  EXPECT_TRUE(unavailable.by_status);
  EXPECT_EQ(unavailable.retry_after, 59'001ms);
  EXPECT_EQ(interpret(503, {{"retry-after", "soon"}}).retry_after, std::nullopt);
}

TEST_F(Webhook, TakesALargePayloadAndNamesTheLimitBeyond) {
  event_.payload = "{}";
  const auto envelope_bytes = request().body.size() - 2;
  event_.payload = R"({"text":")" + std::string(EventLimits::payload_bytes - 11, 'x') + R"("})";
  ASSERT_EQ(event_.payload.size(), EventLimits::payload_bytes);
  EXPECT_EQ(request().body.size(), EventLimits::payload_bytes + envelope_bytes);
  destination_.config = R"({"body":"template","template":"[{{payload}},{{payload}},{{payload}},{{payload}}]"})";
  EXPECT_THAT(render().error, HasSubstr("larger than 1048576 bytes"));
}

}  // namespace
}  // namespace opi::plugins::testing
