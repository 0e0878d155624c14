#include "delivery/token_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const secrets::Secret client_secret(std::string_view{"s p/e:c&i=al"});

class TokenExchange : public testing::Test {
 protected:
  TokenExchange() {
    secrets_.purposes.push_back(
        {"authorization", {{std::make_shared<const secrets::Secret>(std::string_view{"client-secret-1"}), "1"}}, {}});
  }
  std::variant<AccessToken, Outcome> read(int status, const std::string& body) {
    HttpResponse response;
    response.status = status;
    response.body = body;
    response.request_sent = true;
    return read_token_response(std::move(response), client, secrets_);
  }
  void secret_is(std::string_view value) {
    secrets_.purposes.back().versions = {{std::make_shared<const secrets::Secret>(value), "1"}};
  }
  Outcome refusal(int status, const std::string& body) {
    auto result = read(status, body);
    if (auto* outcome = std::get_if<Outcome>(&result)) return *outcome;
    ADD_FAILURE() << "it was taken for a token: " << body;
    return {};
  }
  std::string token(const std::string& body) {
    const auto result = read(200, body);
    const auto* token = std::get_if<AccessToken>(&result);
    if (token == nullptr) return "none: " + std::get<Outcome>(result).detail;
    expires_in = token->expires_in;
    const auto bytes = token->value->reveal();
    return {bytes.begin(), bytes.end()};
  }

  ClientCredentialsAuthorization client{
      "https://id.example/t/9f86d081884c7d659a2feaa0c55ad015", "my app", "a b", "", {}};
  secrets::SecretSet secrets_;
  std::optional<std::chrono::seconds> expires_in;
};

TEST_F(TokenExchange, TheRequestAuthenticatesTheClientByBasic) {
  const auto request = token_request(client, client_secret);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, client.token_url);
  EXPECT_EQ(request.body, "grant_type=client_credentials&scope=a+b");
  // base64 of "my+app:s+p%2Fe%3Ac%26i%3Dal"
  EXPECT_THAT(request.headers,
              testing::Contains(Header{"Authorization", "Basic bXkrYXBwOnMrcCUyRmUlM0FjJTI2aSUzRGFs"}));
  EXPECT_THAT(request.headers, testing::Contains(Header{"Content-Type", "application/x-www-form-urlencoded"}));
}

TEST_F(TokenExchange, TheRequestAuthenticatesTheClientInItsBody) {
  client.client_authentication = ClientAuthentication::post;
  client.audience = "https://api.example/";
  const auto request = token_request(client, client_secret);
  EXPECT_EQ(request.body,
            "grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Fapi.example%2F&client_id=my+app"
            "&client_secret=s+p%2Fe%3Ac%26i%3Dal");
  for (const auto& header : request.headers) EXPECT_NE(header.name, "Authorization");
}

TEST_F(TokenExchange, ATokenIsReadWithItsLifetime) {
  EXPECT_EQ(token(R"({"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600})"),
            "2YotnFZFEjr1zCsicMWpAA");
  EXPECT_EQ(expires_in, 3600s);
  EXPECT_EQ(token(R"({"access_token":"t0ken","token_type":"bearer","expires_in":"3599"})"), "t0ken");
  EXPECT_EQ(expires_in, 3599s);
  EXPECT_EQ(token(R"({"access_token":"t0ken","token_type":"BEARER","ext":{"a":[1]}})"), "t0ken");
  EXPECT_EQ(expires_in, std::nullopt);
}

TEST_F(TokenExchange, AnAnswerWithoutAUsableTokenIsTriedAgainAndSaysWhy) {
  const std::pair<std::string, std::string> answers[] = {
      {"<html>", "is not JSON"},
      {"", "is not JSON"},
      {R"({"access_token":"t)", "is not JSON"},
      {"[]", "is not a JSON object"},
      {R"({"token_type":"bearer"})", "holds no access_token"},
      {R"({"access_token":7,"token_type":"bearer"})", "holds no access_token"},
      {R"({"access_token":"a\nb","token_type":"bearer"})", "not visible ASCII"},
      {R"({"access_token":"abc"})", "token_type that is not Bearer"},
      {R"({"access_token":"abc","token_type":"mac"})", "token_type that is not Bearer"},
      {R"({"access_token":"abc","token_type":"bearer","x":[)" + std::string(9000, '[') + "]}", "is not JSON"},
  };
  for (const auto& [body, why] : answers) {
    const auto outcome = refusal(200, body);
    EXPECT_EQ(outcome.verdict, Verdict::retry);
    EXPECT_EQ(outcome.reason, "token_response_invalid");
    EXPECT_THAT(outcome.detail, HasSubstr(why)) << body.substr(0, 80);
  }
}

TEST_F(TokenExchange, TokensAndAnswersHaveALimit) {
  const auto answer = [](std::size_t token, std::size_t rest) {
    return R"({"access_token":")" + std::string(token, 'a') + R"(","token_type":"bearer","x":")" +
           std::string(rest, 'x') + "\"}";
  };
  EXPECT_EQ(token(answer(TokenLimits::token_bytes, 0)).size(), TokenLimits::token_bytes);
  EXPECT_THAT(refusal(200, answer(TokenLimits::token_bytes + 1, 0)).detail, HasSubstr("more than 7168 bytes"));
  const auto room = TokenLimits::response_bytes - answer(1, 0).size();
  EXPECT_EQ(token(answer(1, room)), "a");
  EXPECT_THAT(refusal(200, answer(1, room + 1)).detail, HasSubstr("larger than 16384 bytes"));
  std::string many = R"({"access_token":"a","token_type":"bearer","x":[1)";
  while (many.size() < TokenLimits::response_bytes - 4) many += ",1";
  EXPECT_THAT(refusal(200, many + "]}").detail, HasSubstr("too much beside the token"));
}

TEST_F(TokenExchange, ARefusedClientIsARefusedCredential) {
  for (const auto& [status, body] : {std::pair{400, R"({"error":"invalid_client"})"}, std::pair{401, "no"}}) {
    const auto outcome = refusal(status, body);
    EXPECT_EQ(outcome.verdict, Verdict::auth) << status;
    EXPECT_EQ(outcome.reason, "token_client_refused");
    EXPECT_EQ(outcome.http_status, std::nullopt) << "that is the receiver's, which was not asked";
  }
}

TEST_F(TokenExchange, OtherRefusalsAreForGoodAndFaultsOfTheEndpointPass) {
  for (const int status : {302, 400, 403, 404}) {
    EXPECT_EQ(refusal(status, R"({"error":"invalid_scope"})").verdict, Verdict::reject) << status;
    EXPECT_EQ(refusal(status, "").reason, "token_request_refused");
  }
  for (const int status : {408, 429, 500, 503}) EXPECT_EQ(refusal(status, "").verdict, Verdict::retry) << status;
}

TEST_F(TokenExchange, WhatTheEndpointSaysIsBoundedAndFreeOfSecrets) {
  EXPECT_EQ(refusal(400, R"({"error":"invalid_scope","error_description":"no scope a"})").detail,
            "no access token, so nothing was sent to the receiver: the token endpoint answered with HTTP status 400, "
            "invalid_scope: no scope a");
  const auto outcome = refusal(400, R"({"error":"client-secret-1","error_description":"you sent client-secret-1 to )"
                                    "9f86d081884c7d659a2feaa0c55ad015" +
                                        std::string(1000, 'x') + "\"}");
  EXPECT_THAT(outcome.detail, Not(HasSubstr("client-secret-1")));
  EXPECT_THAT(outcome.detail, Not(HasSubstr("9f86d081")));
  EXPECT_LT(outcome.detail.size(), 500u);
}

// Blanked out in the text, neither would be what it is any more.
TEST_F(TokenExchange, ARefusalIsReadBeforeAnythingIsBlankedOut) {
  secret_is("invalid_client");
  EXPECT_EQ(refusal(400, R"({"error":"invalid_client"})").verdict, Verdict::auth);
  secret_is("123456");
  EXPECT_THAT(refusal(400, R"({"code":123456,"error":"invalid_scope"})").detail, HasSubstr("invalid_scope"));
}

// The secret lies across the end of what is kept: half of it would be too much.
TEST_F(TokenExchange, ASecretIsNotCutInTwo) {
  for (std::size_t before = TokenLimits::description_characters - 15; before < TokenLimits::description_characters;
       ++before) {
    const auto outcome =
        refusal(400, R"({"error":"e","error_description":")" + std::string(before, ' ') + "client-secret-1\"}");
    EXPECT_THAT(outcome.detail, Not(HasSubstr("client-"))) << before;
  }
}

TEST_F(TokenExchange, ATransportFaultLeavesNothingInDoubt) {
  HttpResponse response;
  response.fault = TransportFault::timeout;
  response.request_sent = true;
  response.fault_detail = "no response within 5000 ms";
  response.peer = "id.example";
  const auto late = std::get<Outcome>(read_token_response(std::move(response), client, secrets_));
  EXPECT_EQ(late.verdict, Verdict::retry);
  EXPECT_EQ(late.reason, "token_timeout");
  EXPECT_THAT(late.detail, HasSubstr("no response within 5000 ms"));
  EXPECT_EQ(late.peer, "id.example");
  HttpResponse refused;
  refused.fault = TransportFault::address_refused;
  EXPECT_EQ(std::get<Outcome>(read_token_response(std::move(refused), client, secrets_)).verdict, Verdict::reject);
}

}  // namespace
}  // namespace opi::delivery
