#include "delivery/authorization_fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "delivery/provisioning.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* oauth2 =
    R"({"scheme":"oauth2_client_credentials","token_url":"https://id.example/token","client_id":"c","scope":"a b"})";

class AuthorizationFields : public testing::Test {
 protected:
  std::optional<Authorization> read(const std::string& text, const std::optional<Authorization>& stored = {}) {
    errors.clear();
    return read_authorization(boost::json::parse(text).as_object(), "authorization", stored, errors);
  }
  // "field: message" of the only error of a document that is not taken.
  std::string fault(const std::string& text) {
    EXPECT_FALSE(read(text)) << text;
    EXPECT_EQ(errors.size(), 1u) << text;
    return errors.empty() ? "" : errors.front().field + ": " + errors.front().message;
  }
  std::vector<FieldError> errors;
};

std::string with_length(const std::string& before, std::size_t length, const std::string& after) {
  return before + std::string(length, 'a') + after;
}

TEST_F(AuthorizationFields, EachSchemeIsReadWithItsDefaults) {
  EXPECT_EQ(read(R"({"scheme":"bearer"})"), Authorization{BearerAuthorization{}});
  EXPECT_EQ(read(R"({"scheme":"basic","username":"bot@acme.example"})"),
            Authorization{BasicAuthorization{"bot@acme.example"}});
  EXPECT_EQ(read(R"({"scheme":"header","header":"X-Api-Key"})"), Authorization(HeaderAuthorization{"X-Api-Key", ""}));
  EXPECT_EQ(read(R"({"scheme":"header","header":"Authorization","prefix":"Token token="})"),
            Authorization(HeaderAuthorization{"Authorization", "Token token="}));
  EXPECT_EQ(read(R"({"scheme":"hmac","header":"X-Signature","prefix":"sha256="})"),
            Authorization(HmacAuthorization{"X-Signature", "sha256=", MacEncoding::hex}));
  EXPECT_EQ(read(R"({"scheme":"hmac","header":"X-Signature","encoding":"base64"})"),
            Authorization(HmacAuthorization{"X-Signature", "", MacEncoding::base64}));
  EXPECT_EQ(read(oauth2), Authorization(ClientCredentialsAuthorization{"https://id.example/token", "c", "a b", "",
                                                                       ClientAuthentication::basic}));
}

TEST_F(AuthorizationFields, EachFaultNamesItsMember) {
  EXPECT_EQ(fault("{}"), "authorization.scheme: is missing");
  EXPECT_THAT(fault(R"({"scheme":"digest"})"), HasSubstr("authorization.scheme: must be bearer, basic"));
  EXPECT_EQ(fault(R"({"scheme":"bearer","token":"x"})"), "authorization.token: is not a known member");
  EXPECT_EQ(fault(R"({"scheme":"basic"})"), "authorization.username: is missing");
  EXPECT_EQ(fault(R"({"scheme":"basic","username":"a:b"})"), "authorization.username: may not hold ':'");
  EXPECT_THAT(fault("{\"scheme\":\"basic\",\"username\":\"a\\u0007\"}"), HasSubstr("control characters"));
  for (const auto* header : {"Host", "content-length", "Transfer-Encoding", "Connection", "Proxy-Authorization",
                             "User-Agent", "not a name", "X:"})
    EXPECT_THAT(fault(R"({"scheme":"header","header":")" + std::string(header) + "\"}"),
                HasSubstr("authorization.header: must be the name of a header"))
        << header;
  EXPECT_EQ(fault(R"({"scheme":"header","header":"X-Key","prefix":"schlüssel"})"),
            "authorization.prefix: must be visible ASCII");
  EXPECT_EQ(fault(R"({"scheme":"hmac","header":"X-Key","encoding":"rot13"})"),
            "authorization.encoding: must be hex or base64");
  EXPECT_EQ(fault(R"({"scheme":"oauth2_client_credentials","client_id":"c"})"), "authorization.token_url: is missing");
  EXPECT_EQ(fault(R"({"scheme":"oauth2_client_credentials","token_url":"https://i.example/"})"),
            "authorization.client_id: is missing");
  EXPECT_EQ(
      fault(R"({"scheme":"oauth2_client_credentials","token_url":"https://i.example/","client_id":"c","scope":"ä"})"),
      "authorization.scope: must be visible ASCII and spaces");
  EXPECT_EQ(fault(R"({"scheme":"oauth2_client_credentials","token_url":"https://i.example/","client_id":"c",)"
                  R"("client_authentication":"jwt"})"),
            "authorization.client_authentication: must be basic or post");
}

TEST_F(AuthorizationFields, EachTextHasALimit) {
  const std::string client =
      R"({"scheme":"oauth2_client_credentials","token_url":"https://i.example/","client_id":"c",)";
  const std::tuple<std::string, std::size_t, std::string> limits[] = {
      {R"({"scheme":"basic","username":")", 255, "\"}"},
      {R"({"scheme":"header","header":")", 128, "\"}"},
      {R"({"scheme":"header","header":"X-K","prefix":")", 64, "\"}"},
      {client + R"("scope":")", 1024, "\"}"},
      {client + R"("audience":")", 1024, "\"}"},
      {R"({"scheme":"oauth2_client_credentials","token_url":"https://i.example/","client_id":")", 512, "\"}"},
      {R"({"scheme":"oauth2_client_credentials","client_id":"c","token_url":")", 2048, "\"}"},
  };
  for (const auto& [before, limit, after] : limits) {
    EXPECT_TRUE(read(with_length(before, limit, after))) << before;
    EXPECT_THAT(fault(with_length(before, limit + 1, after)), HasSubstr("is longer than " + std::to_string(limit)));
  }
}

TEST_F(AuthorizationFields, TheLongestFitsTheStore) {
  const ClientCredentialsAuthorization longest{std::string(2048, 'u'), std::string(512, '"'), std::string(1024, '"'),
                                               std::string(1024, '\\'), ClientAuthentication::basic};
  EXPECT_LE(authorization_text(longest).value().size(), AuthorizationLimits::json_bytes);
}

TEST_F(AuthorizationFields, WhatIsStoredIsReadAgain) {
  const Authorization all[] = {
      BearerAuthorization{}, BasicAuthorization{"jürgen"}, HeaderAuthorization{"X-Key", "Token "},
      HmacAuthorization{"X-Sig", "v1=", MacEncoding::base64},
      ClientCredentialsAuthorization{"https://i.example/t", "c", "s", "a", ClientAuthentication::post}};
  for (const auto& one : all) EXPECT_EQ(parse_authorization_text(authorization_text(one).value()).value(), one);
  EXPECT_EQ(authorization_text(std::nullopt), std::nullopt);
  for (const auto* text : {"", "null", "{", R"({"scheme":"of tomorrow"})", R"({"scheme":"basic"})"})
    EXPECT_FALSE(parse_authorization_text(text)) << text;
}

TEST_F(AuthorizationFields, ATokenUrlStaysThatIsLeftOut) {
  const auto stored = read(oauth2);
  const auto changed = read(R"({"scheme":"oauth2_client_credentials","client_id":"other"})", stored);
  ASSERT_TRUE(changed) << errors.size();
  EXPECT_EQ(std::get<ClientCredentialsAuthorization>(*changed).token_url, "https://id.example/token");
  EXPECT_EQ(std::get<ClientCredentialsAuthorization>(*changed).client_id, "other");
  EXPECT_FALSE(read(R"({"scheme":"oauth2_client_credentials","client_id":"c"})", Authorization{BearerAuthorization{}}));
}

std::string provision(const std::string& endpoint, const std::string& members) {
  return R"({"tenants":[{"tenant_id":"acme","name":"A","destinations":[{"destination_id":)"
         R"("0192f000-0000-7000-8000-000000000001","name":"d","adapter":"webhook","event_types":["*"],"endpoint":")" +
         endpoint + "\"," + members + "}]}]}";
}

std::vector<std::string> faulty_fields(const std::string& document) {
  std::vector<std::string> fields;
  const auto parsed = parse_provision(document);
  if (const auto* errors = std::get_if<std::vector<FieldError>>(&parsed))
    for (const auto& error : *errors) fields.push_back(error.field);
  return fields;
}

TEST(AuthorizationInADocument, IsReadAndItsFaultsHaveTheirPlace) {
  const auto parsed = parse_provision(provision("https://a.example/", R"("authorization":{"scheme":"bearer"})"));
  ASSERT_TRUE(std::holds_alternative<Provision>(parsed));
  EXPECT_EQ(std::get<Provision>(parsed).destinations[0].authorization, Authorization{BearerAuthorization{}});
  EXPECT_THAT(faulty_fields(provision("https://a.example/", R"("authorization":{"scheme":"basic"})")),
              testing::ElementsAre("tenants[0].destinations[0].authorization.username"));
  EXPECT_THAT(faulty_fields(provision("https://a.example/", R"("authorization":"bearer")")),
              testing::ElementsAre("tenants[0].destinations[0].authorization"));
}

TEST(AuthorizationInADocument, ItsSecretStandsBesideAnAuthorizationAlone) {
  const std::string secret = R"("credentials":[{"purpose":"authorization","reference":"local://a/b/c/1"}])";
  EXPECT_THAT(faulty_fields(provision("https://a.example/", secret)),
              testing::ElementsAre("tenants[0].destinations[0].credentials[0].purpose"));
  EXPECT_THAT(faulty_fields(provision("https://a.example/", secret + R"(,"authorization":{"scheme":"bearer"})")),
              testing::IsEmpty());
}

TEST(AuthorizationInADocument, AClientCertificateWantsHttpsOfEveryAddress) {
  const std::string certificate = R"("credentials":[{"purpose":"client_certificate","reference":"local://a/b/c/1"}])";
  const auto token_url = [&](const std::string& scheme) {
    return certificate + R"(,"authorization":{"scheme":"oauth2_client_credentials","client_id":"c","token_url":")" +
           scheme + "://i.example/\"}";
  };
  EXPECT_THAT(faulty_fields(provision("https://a.example/", certificate)), IsEmpty());
  EXPECT_THAT(faulty_fields(provision("HTTPS://a.example/", token_url("https"))), IsEmpty());
  EXPECT_THAT(faulty_fields(provision("http://a.example/", certificate)),
              testing::ElementsAre("tenants[0].destinations[0].endpoint"));
  EXPECT_THAT(faulty_fields(provision("https://a.example/", token_url("http"))),
              testing::ElementsAre("tenants[0].destinations[0].authorization.token_url"));
}

}  // namespace
}  // namespace opi::delivery
