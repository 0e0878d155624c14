#include "egress/ip_address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>

namespace opi::egress {
namespace {

TEST(IpAddress, TakesPlainFormsOnly) {
  for (const char* good :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:1.2.3.4", "64:ff9b::10.0.0.1", "ABCD::ef"})
    EXPECT_TRUE(IpAddress::parse(good)) << good;
  for (const char* bad : {"",
                          "1",
                          "127.1",
                          "1.2.3",
                          "1.2.3.4.5",
                          "256.0.0.1",
                          "01.2.3.4",
                          "1.2.3.4.",
                          ".1.2.3.4",
                          "1..2.3",
                          "0x7f.0.0.1",
                          "2130706433",
                          " 1.2.3.4",
                          "1.2.3.4 ",
                          "1.2.3.0004",
                          "+1.2.3.4",
                          ":",
                          ":::",
                          "1:",
                          ":1",
                          "1::2::3",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1:2:3:4:5:6:7:8::",
                          "::12345",
                          "::g",
                          "fe80::1%eth0",
                          "[::1]",
                          "::1.2.3",
                          "::1.2.3.4:5",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "1::2:"})
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
}

// The C library reads IPv6 text as strictly as we do: both must agree on every text.
TEST(IpAddress, AgreesWithTheCLibraryOnRandomIpv6Texts) {
  std::mt19937 random(7);
  const std::string alphabet = "0123456789af:::..";
  int agreed_valid = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string text = round % 2 == 0 ? "::" : "1:2";
    const auto length = random() % 14;
    for (unsigned i = 0; i < length; ++i) text += alphabet[random() % alphabet.size()];
    std::array<std::uint8_t, 16> expected{};
    const bool valid = ::inet_pton(AF_INET6, text.c_str(), expected.data()) == 1;
    const auto address = IpAddress::parse(text);
    ASSERT_EQ(address.has_value(), valid) << text;
    if (!valid) continue;
    ASSERT_EQ(address->bytes, expected) << text;
    ++agreed_valid;
  }
  EXPECT_GT(agreed_valid, 1000);
}

TEST(Cidr, RefusesWhatIsNoBlock) {
  for (const char* good : {"10.0.0.0/8", "0.0.0.0/0", "1.2.3.4", "1.2.3.4/32", "::/0", "fd00::/8", "::1/128"})
    EXPECT_TRUE(Cidr::parse(good)) << good;
  for (const char* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.1/8", "::/129",
                          "fd00::1/8", "10.0.0.0/8/8", "10/8"})
    EXPECT_FALSE(Cidr::parse(bad)) << bad;
}

TEST(Cidr, HoldsNoAddressOfTheOtherFamily) {
  EXPECT_FALSE(Cidr::parse("::/0")->contains(IpAddress::v4(1, 2, 3, 4)));
  EXPECT_FALSE(Cidr::parse("0.0.0.0/0")->contains(*IpAddress::parse("::1")));
}

}  // namespace
}  // namespace opi::egress
