#include "domain/receiver.hpp"

#include <gtest/gtest.h>

namespace opi {
namespace {

Destination siem() {
  Destination one;
  one.adapter = "webhook";
  one.endpoint = "https://SIEM.example:8443/hooks?key=1";
  one.authorization = HeaderAuthorization{"X-Api-Key", ""};
  one.credentials = {{"signing", 1, "mem://a", {}, {}},
                     {"authorization", 1, "mem://b", {}, {}},
                     {"client_certificate", 1, "mem://c", {}, {}}};
  bind_credentials(one);
  return one;
}

// The purposes of siem() that are not bound any more after a change.
template <class Change>
std::string unbound_after(Change change) {
  auto one = siem();
  change(one);
  std::string all;
  for (const auto& credential : one.credentials)
    if (!is_bound(one, credential)) all += credential.purpose.substr(0, 1);
  return all;
}

TEST(Receiver, AnOriginIsWhatStandsBeforeThePath) {
  for (const auto* url : {"https://a.example", "https://a.example/", "HTTPS://A.example/x", "https://a.example?x",
                          "https://a.example#x", "https://a.example\\x"})
    EXPECT_EQ(origin_of(url), "https://a.example") << url;
  for (const auto* url : {"http://a.example/", "https://a.example:444/", "https://a.example.b/", "https://b@a.example/",
                          "https://b.example/https://a.example/", "a.example", ""})
    EXPECT_NE(origin_of(url), "https://a.example") << url;
}

TEST(Receiver, WhatIsPutIsBoundAndStaysSoWhileOnlyThePathChanges) {
  EXPECT_EQ(unbound_after([](Destination&) {}), "");
  EXPECT_EQ(unbound_after([](Destination& one) { one.endpoint = "https://siem.example:8443/other"; }), "");
  EXPECT_EQ(unbound_after([](Destination& one) { one.config = R"({"body":"envelope"})"; }), "");
}

TEST(Receiver, AnotherOriginOrAdapterUnbindsEverything) {
  for (const auto* endpoint : {"https://evil.example:8443/", "http://siem.example:8443/", "https://siem.example/"})
    EXPECT_EQ(unbound_after([&](Destination& one) { one.endpoint = endpoint; }), "sac") << endpoint;
  EXPECT_EQ(unbound_after([](Destination& one) { one.adapter = "ticket"; }), "sac");
}

TEST(Receiver, AnotherPlaceInTheRequestUnbindsTheSecretOfTheAuthorization) {
  for (const Authorization& other :
       std::initializer_list<Authorization>{BearerAuthorization{}, BasicAuthorization{"u"},
                                            HeaderAuthorization{"Referer", ""}, HmacAuthorization{"X-Api-Key", "", {}}})
    EXPECT_EQ(unbound_after([&](Destination& one) { one.authorization = other; }), "a");
  EXPECT_EQ(unbound_after([](Destination& one) { one.authorization = HeaderAuthorization{"x-api-key", "Key "}; }), "");
}

TEST(Receiver, AnotherTokenEndpointUnbindsWhatIsShownThere) {
  auto one = siem();
  one.authorization = ClientCredentialsAuthorization{"https://id.example/token", "c", "", "", {}};
  for (auto& credential : one.credentials) credential.bound_to.clear();
  bind_credentials(one);
  EXPECT_EQ(unbound_purpose(one), std::nullopt);
  std::get<ClientCredentialsAuthorization>(*one.authorization).token_url = "https://id.example/other";
  EXPECT_TRUE(is_bound(one, one.credentials[0]));
  EXPECT_FALSE(is_bound(one, one.credentials[1]));
  EXPECT_FALSE(is_bound(one, one.credentials[2]));
}

TEST(Receiver, NoAuthorizationUsesNoSecretAndAnotherOneIsNotTheOld) {
  EXPECT_EQ(unbound_after([](Destination& one) { one.authorization.reset(); }), "");
  auto one = siem();
  one.authorization.reset();
  one.endpoint = "https://evil.example/";
  bind_credentials(one);
  one.authorization = HeaderAuthorization{"X-Api-Key", ""};
  EXPECT_FALSE(is_bound(one, one.credentials[1])) << "the way round leads nowhere";
}

TEST(Receiver, OnlyTheCurrentVersionHoldsTheDestination) {
  auto one = siem();
  one.credentials.push_back({"signing", 2, "mem://d", {}, {}, "another receiver"});
  EXPECT_EQ(unbound_purpose(one), "signing");
  one.credentials.push_back({"signing", 3, "mem://e", {}, {}});
  bind_credentials(one);
  EXPECT_EQ(unbound_purpose(one), std::nullopt);
  EXPECT_FALSE(is_bound(one, one.credentials[3])) << "and the old one is still used for nothing";
}

TEST(Receiver, WhatWasNeverPutForAnybodyIsNotBound) {
  auto one = siem();
  one.credentials[0].bound_to.clear();
  EXPECT_EQ(unbound_purpose(one), "signing");
}

}  // namespace
}  // namespace opi
