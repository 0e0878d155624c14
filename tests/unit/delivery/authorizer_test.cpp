#include "delivery/authorizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Authorizations : public test::WithEngine {
 protected:
  Authorizations() { d.credentials.push_back({"authorization", 1, "mem://auth", std::nullopt}); }

  void given(const Authorization& authorization, const std::string& secret) {
    d.authorization = authorization;
    put(d);
    engine().provider->values["mem://auth"] = secret;
  }
  void given_client() {
    given(ClientCredentialsAuthorization{"https://id.example/token", "c", "", "", {}}, "client-secret");
  }
  // The header's values in the only request that is under way.
  std::vector<std::string> sent(const std::string& name) {
    EXPECT_EQ(transport.under_way.size(), 1u);
    std::vector<std::string> values;
    for (const auto& exchange : transport.under_way)
      for (const auto& header : exchange.request.headers)
        if (header.name == name) values.push_back(header.value);
    return values;
  }
  void issue(const std::string& token) {
    transport.answer(200, R"({"access_token":")" + token + R"(","token_type":"bearer","expires_in":600})");
  }
  void settle() { engine().settler.run_once(); }
  void publish_into_failure() {
    publish_and_dispatch();
    settle();
    EXPECT_TRUE(transport.under_way.empty()) << "nothing may be sent";
  }
  void retry() {
    settle();
    clock.advance(10s);
    dispatch();
  }
  std::string failed_credentials() {
    std::string all;
    for (const auto& record : audit_log.read(*TenantId::parse("acme"), 0, 100))
      if (record.entry.action == audit::Action::credential_failed) all += record.entry.details + "\n";
    return all;
  }

  Destination d = test::destination(1);
};

TEST_F(Authorizations, BearerIsTheSecretItself) {
  given(BearerAuthorization{}, "mF_9.B5f-4.1JqM");  // RFC 6750's example
  publish_and_dispatch();
  EXPECT_THAT(sent("Authorization"), ElementsAre("Bearer mF_9.B5f-4.1JqM"));
}

TEST_F(Authorizations, BasicIsThatOfRfc7617) {
  given(BasicAuthorization{"Aladdin"}, "open sesame");
  publish_and_dispatch();
  EXPECT_THAT(sent("Authorization"), ElementsAre("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
}

TEST_F(Authorizations, BasicTakesUtf8) {
  given(BasicAuthorization{"test"}, "123£");
  publish_and_dispatch();
  EXPECT_THAT(sent("Authorization"), ElementsAre("Basic dGVzdDoxMjPCow=="));
}

TEST_F(Authorizations, AHeaderOfItsOwnCarriesPrefixAndSecret) {
  given(HeaderAuthorization{"X-Api-Key", ""}, "k-123456");
  publish_and_dispatch("e-1");
  EXPECT_THAT(sent("X-Api-Key"), ElementsAre("k-123456"));
  transport.answer(200);
  given(HeaderAuthorization{"Authorization", "GenieKey "}, "k-123456");
  publish_and_dispatch("e-2");
  EXPECT_THAT(sent("Authorization"), ElementsAre("GenieKey k-123456"));
}

TEST_F(Authorizations, HmacIsOverTheBodyAsItGoesOut) {
  registry.adapter->change_rendering = [](Rendering& r) { r.request.body = "Hello, World!"; };
  // The example of GitHub's documentation on validating webhook deliveries.
  const std::string key = "It's a Secret to Everybody";
  given(HmacAuthorization{"X-Hub-Signature-256", "sha256=", MacEncoding::hex}, key);
  publish_and_dispatch("e-1");
  EXPECT_THAT(sent("X-Hub-Signature-256"),
              ElementsAre("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"));
  transport.answer(200);
  given(HmacAuthorization{"X-Signature", "", MacEncoding::base64}, key);
  publish_and_dispatch("e-2");
  EXPECT_THAT(sent("X-Signature"), ElementsAre("dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc="));
}

TEST_F(Authorizations, TheCurrentVersionIsUsed) {
  d.credentials.push_back({"authorization", 2, "mem://newer", std::nullopt});
  given(BearerAuthorization{}, "the-old-one");
  engine().provider->values["mem://newer"] = "the-new-one";
  publish_and_dispatch();
  EXPECT_THAT(sent("Authorization"), ElementsAre("Bearer the-new-one"));
}

TEST_F(Authorizations, ARequestToAnotherHostIsNotSentWithThem) {
  registry.adapter->change_rendering = [](Rendering& rendering) { rendering.elsewhere = true; };
  given(BearerAuthorization{}, "a-token");
  publish_into_failure();
  EXPECT_EQ(last_attempt().reason, "credential_elsewhere");
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
}

TEST_F(Authorizations, WithoutItsSecretNothingIsSent) {
  given(BearerAuthorization{}, "");
  publish_into_failure();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().reason, "authorization_secret_unavailable");
  EXPECT_THAT(last_attempt().error_summary, HasSubstr("'authorization' cannot be resolved"));
  EXPECT_THAT(failed_credentials(), HasSubstr(R"("purpose":"authorization","reason":"missing")"));
}

TEST_F(Authorizations, WithoutACredentialNothingIsSent) {
  d.credentials.pop_back();
  given(BearerAuthorization{}, "x");
  publish_into_failure();
  EXPECT_EQ(last_attempt().reason, "authorization_secret_unavailable");
  EXPECT_THAT(last_attempt().error_summary, HasSubstr("no credential for purpose 'authorization'"));
}

TEST_F(Authorizations, ASecretThatNoHeaderMayHoldIsNotSent) {
  given(BearerAuthorization{}, "two\r\nlines-long");
  publish_into_failure();
  EXPECT_EQ(last_attempt().reason, "authorization_secret_unusable");
  EXPECT_THAT(last_attempt().error_summary, Not(HasSubstr("lines-long")));
  EXPECT_THAT(failed_credentials(), HasSubstr(R"("reason":"unusable")"));
}

TEST_F(Authorizations, APasswordWithControlCharactersIsNotSent) {
  given(BasicAuthorization{"bot"}, "two\nlines");
  publish_into_failure();
  EXPECT_EQ(last_attempt().reason, "authorization_secret_unusable");
}

TEST_F(Authorizations, AHeaderThatTheAdapterHasSetIsRefused) {
  registry.adapter->change_rendering = [](Rendering& r) { r.request.headers.push_back({"x-api-key", "mine"}); };
  given(HeaderAuthorization{"X-Api-Key", ""}, "k-123456");
  publish_into_failure();
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_EQ(last_attempt().reason, "authorization_conflict");
  EXPECT_THAT(last_attempt().error_summary, HasSubstr("header X-Api-Key already"));
}

TEST_F(Authorizations, WhatAReceiverEchoesIsBlankedOut) {
  given(BasicAuthorization{"bot"}, "the-password");
  publish_and_dispatch();
  transport.answer(400, "you sent " + sent("Authorization").front() + " and the-password");
  settle();
  EXPECT_THAT(last_attempt().response_summary, Not(HasSubstr("the-password")));
  EXPECT_THAT(last_attempt().response_summary, Not(HasSubstr("dGhlLXBhc3N3b3Jk")));
}

TEST_F(Authorizations, ARefusedSecretIsFetchedAnewAndHeldAgainstTheCredential) {
  registry.adapter->change_outcome = [](Outcome& outcome) {
    if (outcome.verdict == Verdict::auth) outcome.verdict = Verdict::retry;  // the host knows 401 itself
  };
  given(BearerAuthorization{}, "old-token");
  publish_and_dispatch();
  engine().provider->values["mem://auth"] = "new-token";
  transport.answer(401);
  EXPECT_THAT(sent("Authorization"), ElementsAre("Bearer new-token")) << "in the same attempt";
  transport.answer(401, "neither old-token nor new-token");
  settle();
  EXPECT_THAT(last_attempt().response_summary, HasSubstr("neither [redacted] nor [redacted]"));
  EXPECT_THAT(failed_credentials(), HasSubstr(R"("purpose":"authorization","reason":"refused")"));
}

TEST_F(Authorizations, ATokenIsFetchedFirstAndUsedAgain) {
  given_client();
  publish_and_dispatch("e-1");
  EXPECT_EQ(transport.under_way[0].request.url, "https://id.example/token");
  clock.advance(2s);
  issue("t-1");
  EXPECT_THAT(sent("Authorization"), ElementsAre("Bearer t-1"));
  EXPECT_EQ(transport.under_way[0].request.url, d.endpoint);
  EXPECT_EQ(transport.under_way[0].request.timeout, 13s) << "what the token took is gone";
  transport.answer(200);
  publish_and_dispatch("e-2");
  EXPECT_THAT(sent("Authorization"), ElementsAre("Bearer t-1"));
}

TEST_F(Authorizations, ARefusedTokenIsFetchedAnewInTheSameAttempt) {
  given_client();
  publish_and_dispatch();
  issue("token-number-1");
  transport.answer(401, "token-number-1 has expired");
  EXPECT_EQ(transport.under_way[0].request.url, "https://id.example/token");
  issue("token-number-2");
  EXPECT_THAT(sent("Authorization"), ElementsAre("Bearer token-number-2"));
  transport.answer(401, "token-number-2 has expired");
  settle();
  EXPECT_THAT(last_attempt().response_summary, HasSubstr("[redacted] has expired"));
  EXPECT_EQ(last_attempt().number, 1);
}

TEST_F(Authorizations, AnAdapterThatSaysAuthRefusesTheToken) {
  registry.adapter->change_outcome = [](Outcome& outcome) { outcome.verdict = Verdict::auth; };
  given_client();
  publish_and_dispatch();
  issue("t-1");
  transport.answer(200, R"({"ok":false,"error":"token_expired"})");
  EXPECT_EQ(transport.under_way[0].request.url, "https://id.example/token");
}

TEST_F(Authorizations, ARefusedClientIsAFailedAttemptThatSaysSo) {
  given_client();
  publish_and_dispatch();
  const auto fetches = engine().provider->fetches;
  transport.answer(401, R"({"error":"invalid_client","error_description":"unknown client"})");
  settle();
  EXPECT_TRUE(transport.under_way.empty()) << "never without authorization";
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().reason, "token_client_refused");
  EXPECT_EQ(last_attempt().http_status, std::nullopt);
  EXPECT_THAT(last_attempt().error_summary, HasSubstr("HTTP status 401, invalid_client: unknown client"));
  EXPECT_THAT(failed_credentials(), HasSubstr(R"("purpose":"authorization","reason":"refused")"));
  EXPECT_THAT(failed_credentials(), Not(HasSubstr("signing"))) << "nothing of it was sent";
  EXPECT_GT(engine().provider->fetches, fetches) << "the client's secret may have been rotated";
}

TEST_F(Authorizations, ARefusedTokenRequestIsParked) {
  given_client();
  publish_and_dispatch();
  transport.answer(400, R"({"error":"invalid_scope"})");
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_EQ(last_attempt().reason, "token_request_refused");
}

TEST_F(Authorizations, ATokenEndpointThatIsDownCostsTheReceiverNothing) {
  options.scheduler.breaker.failure_threshold = 1;
  given_client();
  publish_and_dispatch();
  transport.fail(TransportFault::connect, false, "cannot connect", "id.example at 192.0.2.1");
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().reason, "token_connect_failed");
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).breakers_open, 0);
  EXPECT_THAT(engine().logger.text(), HasSubstr("peer=id.example at 192.0.2.1"));
}

TEST_F(Authorizations, StoppingDuringATokenRequestIsNoAttempt) {
  given_client();
  publish_and_dispatch();
  transport.fail(TransportFault::cancelled, true);
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::pending);
  EXPECT_TRUE(attempts_of(only_delivery()).empty());
}

TEST_F(Authorizations, ATokenIsNowhereInTheLog) {
  given_client();
  publish_and_dispatch();
  issue("the-token-itself");
  transport.fail(TransportFault::reset, true, "after the-token-itself");
  settle();
  EXPECT_EQ(last_attempt().error_summary, "after [redacted]");
  EXPECT_THAT(engine().logger.text(), Not(HasSubstr("the-token-itself")));
}

TEST_F(Authorizations, AMalformedClientCertificateIsAFailedAttemptThatSaysSo) {
  d.credentials.push_back({"client_certificate", 1, "mem://certificate", std::nullopt});
  given(BearerAuthorization{}, "a-token");
  engine().provider->values["mem://certificate"] = "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n";
  publish_into_failure();
  EXPECT_EQ(last_attempt().reason, "client_certificate_unusable");
  EXPECT_THAT(last_attempt().error_summary, HasSubstr("it holds a malformed certificate"));
  EXPECT_THAT(failed_credentials(), HasSubstr(R"("purpose":"client_certificate","reason":"unusable")"));
}

TEST_F(Authorizations, AClientCertificateThatCannotBeResolvedIsAFailedAttempt) {
  d.credentials.push_back({"client_certificate", 1, "mem://certificate", std::nullopt});
  put(d);
  engine().provider->values["mem://certificate"] = "";
  publish_into_failure();
  EXPECT_EQ(last_attempt().reason, "client_certificate_unavailable");
}

TEST_F(Authorizations, WithoutAuthorizationARequestGoesAsItWasRendered) {
  put(d);
  publish_and_dispatch();
  EXPECT_THAT(sent("Authorization"), IsEmpty());
  EXPECT_EQ(transport.under_way[0].request.client_certificate, nullptr);
}

}  // namespace
}  // namespace opi::delivery
