#include "egress/guarded_endpoint_check.hpp"

#include <gtest/gtest.h>

#include "egress/outbound.hpp"

namespace opi::egress {
namespace {

using test::ip;
using namespace std::chrono_literals;

// Answers from a list, or not at all.
class ListedResolver final : public Resolver {
 public:
  void resolve(const std::string& host, const TenantId&, Callback done) override {
    if (host == "silent.example") return;
    Resolution resolution;
    if (host == "inside.example") resolution.addresses = {ip("10.0.0.1"), ip("fd00::1")};
    if (host == "mixed.example") resolution.addresses = {ip("10.0.0.1"), ip("93.184.216.34")};
    if (host == "outside.example") resolution.addresses = {ip("93.184.216.34")};
    done(resolution);
  }
};

std::string fault(const std::string& url, AddressGuard guard = {}) {
  ListedResolver resolver;
  GuardedEndpointCheck check(resolver, std::move(guard), {.patience = 10ms});
  return check.fault(url).value_or("");
}

TEST(GuardedEndpoints, GuardedAddressesAreRefusedHoweverTheyAreWritten) {
  for (const char* url : {"http://127.0.0.1/", "https://[::1]/", "http://169.254.169.254/",
                          "https://[::ffff:10.0.0.1]/", "https://10.0.0.1:8443/x"})
    EXPECT_TRUE(fault(url).starts_with("is an address that may not be connected to (")) << url << " " << fault(url);
  EXPECT_EQ(fault("https://93.184.216.34/"), "");
}

TEST(GuardedEndpoints, WhichNamesThereAreInsideIsNotTold) {
  for (const char* scheme : {"http", "https"})
    for (const char* name : {"inside.example", "unheard-of.example", "silent.example"})
      EXPECT_EQ(fault(std::string(scheme) + "://" + name + "/"), "") << scheme << " " << name;
}

TEST(GuardedEndpoints, OfAnHttpsNameNothingIsAsked) {
  class Unasked final : public Resolver {
   public:
    void resolve(const std::string& host, const TenantId&, Callback) override { ADD_FAILURE() << host; }
  } resolver;
  GuardedEndpointCheck check(resolver, AddressGuard{}, {.patience = 10ms});
  EXPECT_EQ(check.fault("https://inside.example/"), std::nullopt);
}

TEST(GuardedEndpoints, TheOperatorsListHolds) {
  std::string error;
  const std::vector<std::string> entries{"10.0.0.0/8"};
  EXPECT_EQ(fault("https://10.0.0.1/", AddressGuard{parse_allow_list(entries, error)}), "");
}

TEST(GuardedEndpoints, PlainHttpIsForWhatTheOperatorLists) {
  const auto& must_be_https = "must be https; an operator may permit plain HTTP";
  EXPECT_TRUE(fault("http://93.184.216.34/").starts_with(must_be_https)) << fault("http://93.184.216.34/");
  EXPECT_TRUE(fault("http://mixed.example/").starts_with(must_be_https));
  EXPECT_EQ(fault("http://93.184.216.34/", test::guard_that_allows({"93.184.216.0/24"})), "");
  EXPECT_EQ(fault("http://mixed.example/", AddressGuard{{}, PlainHttp::any}), "");
}

TEST(GuardedEndpoints, AMalformedUrlIsToldWithoutRepeatingIt) {
  for (const char* url : {"", "geheim", "ftp://geheim/", "https://u:geheim@x/", "https://geheim.example/#x"}) {
    EXPECT_NE(fault(url), "") << url;
    EXPECT_EQ(fault(url).find("geheim"), std::string::npos) << url;
  }
}

}  // namespace
}  // namespace opi::egress
