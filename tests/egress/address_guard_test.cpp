#include "egress/address_guard.hpp"

#include <gtest/gtest.h>

#include "egress/outbound.hpp"
#include "egress/special_purpose.hpp"

namespace opi::egress {
namespace {

using test::guard_that_allows;
using test::ip;

std::string refusal(const AddressGuard& guard, std::string_view address) {
  const auto verdict = guard.judge(ip(address), true);
  return verdict.allowed ? "" : std::string{verdict.reason};
}

// Written out by hand from the registries: first and last address of every row with the reason that is
// given, and the closest neighbours outside with theirs (empty: permitted).
struct Cell {
  const char *first, *last, *reason;
  const char *before, *before_reason, *after, *after_reason;
};

const Cell cells_v4[] = {
    {"0.0.0.1", "0.255.255.255", "this network", nullptr, "", "1.0.0.0", ""},
    {"0.0.0.0", "0.0.0.0", "this host on this network", nullptr, "", "0.0.0.1", "this network"},
    {"10.0.0.0", "10.255.255.255", "private use", "9.255.255.255", "", "11.0.0.0", ""},
    {"100.64.0.0", "100.127.255.255", "shared address space (CGNAT)", "100.63.255.255", "", "100.128.0.0", ""},
    {"127.0.0.0", "127.255.255.255", "loopback", "126.255.255.255", "", "128.0.0.0", ""},
    {"169.254.0.0", "169.254.255.255", "link-local", "169.253.255.255", "", "169.255.0.0", ""},
    {"172.16.0.0", "172.31.255.255", "private use", "172.15.255.255", "", "172.32.0.0", ""},
    {"192.0.0.11", "192.0.0.255", "IETF protocol assignment", "191.255.255.255", "", "192.0.1.0", ""},
    {"192.0.0.0", "192.0.0.7", "IPv4 service continuity", "191.255.255.255", "", "192.0.0.8", "IPv4 dummy address"},
    {"192.0.0.8", "192.0.0.8", "IPv4 dummy address", "192.0.0.7", "IPv4 service continuity", "192.0.0.9",
     "PCP anycast"},
    {"192.0.0.9", "192.0.0.9", "PCP anycast", "192.0.0.8", "IPv4 dummy address", "192.0.0.10", "TURN anycast"},
    {"192.0.0.10", "192.0.0.10", "TURN anycast", "192.0.0.9", "PCP anycast", "192.0.0.11", "IETF protocol assignment"},
    {"192.0.0.170", "192.0.0.170", "NAT64/DNS64 discovery", "192.0.0.169", "IETF protocol assignment", "192.0.1.0", ""},
    {"192.0.0.171", "192.0.0.171", "NAT64/DNS64 discovery", "191.255.255.255", "", "192.0.0.172",
     "IETF protocol assignment"},
    {"192.0.2.0", "192.0.2.255", "documentation", "192.0.1.255", "", "192.0.3.0", ""},
    {"192.31.196.0", "192.31.196.255", "AS112", "192.31.195.255", "", "192.31.197.0", ""},
    {"192.52.193.0", "192.52.193.255", "AMT", "192.52.192.255", "", "192.52.194.0", ""},
    {"192.88.99.0", "192.88.99.255", "deprecated 6to4 relay anycast", "192.88.98.255", "", "192.88.100.0", ""},
    {"192.88.99.2", "192.88.99.2", "6a44 relay anycast", "192.88.99.1", "deprecated 6to4 relay anycast", "192.88.99.3",
     "deprecated 6to4 relay anycast"},
    {"192.168.0.0", "192.168.255.255", "private use", "192.167.255.255", "", "192.169.0.0", ""},
    {"192.175.48.0", "192.175.48.255", "AS112 direct delegation", "192.175.47.255", "", "192.175.49.0", ""},
    {"198.18.0.0", "198.19.255.255", "benchmarking", "198.17.255.255", "", "198.20.0.0", ""},
    {"198.51.100.0", "198.51.100.255", "documentation", "198.51.99.255", "", "198.51.101.0", ""},
    {"203.0.113.0", "203.0.113.255", "documentation", "203.0.112.255", "", "203.0.114.0", ""},
    {"240.0.0.0", "255.255.255.254", "reserved", "239.255.255.255", "multicast", "255.255.255.255",
     "limited broadcast"},
    {"255.255.255.255", "255.255.255.255", "limited broadcast", "255.255.255.254", "reserved", nullptr, ""},
    {"224.0.0.0", "239.255.255.255", "multicast", "223.255.255.255", "", "240.0.0.0", "reserved"},
};

constexpr auto outside = "outside of global unicast";

const Cell cells_v6[] = {
    {"::1", "::1", "loopback", "::", "unspecified", "::2", outside},
    {"::", "::", "unspecified", nullptr, "", "::1", "loopback"},
    {"::ffff:0:0", "::ffff:ffff:ffff", "IPv4-mapped", "::fffe:ffff:ffff", outside, "::1:0:0:0", outside},
    {"64:ff9b::", "64:ff9b::ffff:ffff", "NAT64", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", outside, "64:ff9b::1:0:0",
     outside},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "local-use NAT64", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff",
     outside, "64:ff9b:2::", outside},
    {"100::", "100::ffff:ffff:ffff:ffff", "discard-only", "ff:ffff::", outside, "100:0:0:2::", outside},
    {"100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", "dummy prefix", "100::1", "discard-only", "100:0:0:2::", outside},
    {"2001:100::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "IETF protocol assignment",
     "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2001:200::", ""},
    {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "",
     "2001:1::", "IETF protocol assignment"},
    {"2001:1::1", "2001:1::1", "PCP anycast", "2001:1::", "IETF protocol assignment", "2001:1::2", "TURN anycast"},
    {"2001:1::2", "2001:1::2", "TURN anycast", "2001:1::1", "PCP anycast", "2001:1::3", "DNS-SD SRP anycast"},
    {"2001:1::3", "2001:1::3", "DNS-SD SRP anycast", "2001:1::2", "TURN anycast", "2001:1::4",
     "IETF protocol assignment"},
    {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking", "2001:1:ffff::", "IETF protocol assignment",
     "2001:2:1::", "IETF protocol assignment"},
    {"2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", "AMT", "2001:2:ffff::", "IETF protocol assignment",
     "2001:4::", "IETF protocol assignment"},
    {"2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", "AS112", "2001:4:111:ffff::", "IETF protocol assignment",
     "2001:4:113::", "IETF protocol assignment"},
    {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "deprecated ORCHID",
     "2001:f:ffff::", "IETF protocol assignment", "2001:20::", "ORCHIDv2"},
    {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHIDv2", "2001:1f::", "deprecated ORCHID",
     "2001:30::", "drone remote identification"},
    {"2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "drone remote identification", "2001:2f::", "ORCHIDv2",
     "2001:40::", "IETF protocol assignment"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation", "2001:db7:ffff::", "", "2001:db9::", ""},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4", "2001:ffff::", "", "2003::", ""},
    {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "AS112 direct delegation", "2620:4f:7fff::", "",
     "2620:4f:8001::", ""},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation", "3ffe:ffff::", "", "3fff:1000::", ""},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing identifiers", "5eff:ffff::", outside,
     "5f01::", outside},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique local", "fbff:ffff::", outside, "fe00::", outside},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local", "fe7f:ffff::", outside,
     "fec0::", "deprecated site-local"},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast", "feff:ffff::", "deprecated site-local", nullptr,
     ""},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "deprecated site-local", "febf:ffff::", "link-local",
     "ff00::", "multicast"},
};

void check(const Cell& cell) {
  const AddressGuard guard;
  EXPECT_EQ(refusal(guard, cell.first), cell.reason) << cell.first;
  EXPECT_EQ(refusal(guard, cell.last), cell.reason) << cell.last;
  if (cell.before != nullptr) {
    EXPECT_EQ(refusal(guard, cell.before), cell.before_reason) << cell.before;
  }
  if (cell.after != nullptr) {
    EXPECT_EQ(refusal(guard, cell.after), cell.after_reason) << cell.after;
  }
}

TEST(AddressGuard, RefusesEveryRowOfTheIpv4RegistryAndNoNeighbour) {
  ASSERT_EQ(std::size(cells_v4), special_purpose_v4.size());
  for (std::size_t i = 0; i < std::size(cells_v4); ++i) {
    EXPECT_EQ(cells_v4[i].reason, special_purpose_v4[i].name);
    check(cells_v4[i]);
  }
}

TEST(AddressGuard, RefusesEveryRowOfTheIpv6RegistryAndNoNeighbour) {
  ASSERT_EQ(std::size(cells_v6), special_purpose_v6.size());
  for (std::size_t i = 0; i < std::size(cells_v6); ++i) {
    EXPECT_EQ(cells_v6[i].reason, special_purpose_v6[i].name);
    check(cells_v6[i]);
  }
}

TEST(AddressGuard, PermitsOnlyGlobalUnicastOfIpv6) {
  const AddressGuard guard;
  EXPECT_EQ(refusal(guard, "2606:4700::1111"), "");
  EXPECT_EQ(refusal(guard, "2a00:1450:4001:800::200e"), "");
  EXPECT_EQ(refusal(guard, "1fff:ffff::"), outside);
  EXPECT_EQ(refusal(guard, "4000::"), outside);
}

TEST(AddressGuard, ListedBlocksArePermittedUpToTheirEdges) {
  const auto guard = guard_that_allows({"10.1.0.0/16", "fd12::/16", "127.0.0.1"});
  EXPECT_EQ(refusal(guard, "10.1.0.0"), "");
  EXPECT_EQ(refusal(guard, "10.1.255.255"), "");
  EXPECT_EQ(refusal(guard, "10.0.255.255"), "private use");
  EXPECT_EQ(refusal(guard, "10.2.0.0"), "private use");
  EXPECT_EQ(refusal(guard, "fd12::1"), "");
  EXPECT_EQ(refusal(guard, "fd13::1"), "unique local");
  EXPECT_EQ(refusal(guard, "127.0.0.1"), "");
  EXPECT_EQ(refusal(guard, "127.0.0.2"), "loopback");
}

TEST(AddressGuard, MetadataServicesNeedToBeListedOneByOne) {
  const AddressGuard none;
  const auto broad = guard_that_allows({"0.0.0.0/0", "::/0"});
  for (const auto& service : metadata_services) {
    const auto address = service.block.base;
    EXPECT_FALSE(none.judge(address, true).allowed) << address.to_string();
    EXPECT_FALSE(broad.judge(address, true).allowed) << address.to_string();
    const auto exact = guard_that_allows({address.to_string()});
    EXPECT_TRUE(exact.judge(address, true).allowed) << address.to_string();
  }
  EXPECT_EQ(refusal(broad, "169.254.169.253"), "");
}

TEST(AddressGuard, CarriedAddressesAreJudgedEvenInListedBlocks) {
  const auto guard = guard_that_allows(
      {"::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "192.168.7.0/24"});
  // IPv4-mapped, IPv4-compatible, NAT64.
  EXPECT_EQ(refusal(guard, "::ffff:8.8.8.8"), "");
  EXPECT_EQ(refusal(guard, "::ffff:127.0.0.1"), "loopback");
  EXPECT_EQ(refusal(guard, "::ffff:192.168.7.9"), "");
  EXPECT_EQ(refusal(guard, "::ffff:192.168.8.9"), "private use");
  EXPECT_EQ(refusal(guard, "::ffff:169.254.169.254"), "cloud metadata service");
  EXPECT_EQ(refusal(guard, "::8.8.8.8"), "");
  EXPECT_EQ(refusal(guard, "::10.0.0.1"), "private use");
  EXPECT_EQ(refusal(guard, "64:ff9b::8.8.8.8"), "");
  EXPECT_EQ(refusal(guard, "64:ff9b::10.0.0.1"), "private use");
  // Local-use NAT64, as /48 (the address round byte 8) and as /96.
  EXPECT_EQ(refusal(guard, "64:ff9b:1:808:8:800::"), "");
  EXPECT_EQ(refusal(guard, "64:ff9b:1:a00:0:100::"), "private use");
  EXPECT_EQ(refusal(guard, "64:ff9b:1::8.8.8.8"), "");
  EXPECT_EQ(refusal(guard, "64:ff9b:1::127.0.0.1"), "loopback");
  // 6to4.
  EXPECT_EQ(refusal(guard, "2002:808:808::1"), "");
  EXPECT_EQ(refusal(guard, "2002:a00:1::1"), "private use");
  EXPECT_EQ(refusal(guard, "2002:7f00:1::1"), "loopback");
  // Teredo: server in the clear, client inverted (8.8.8.8 is f7f7:f7f7, 10.0.0.1 is f5ff:fffe).
  EXPECT_EQ(refusal(guard, "2001:0:808:808:0:0:f7f7:f7f7"), "");
  EXPECT_EQ(refusal(guard, "2001:0:808:808:0:0:f5ff:fffe"), "private use");
  EXPECT_EQ(refusal(guard, "2001:0:a00:1:0:0:f7f7:f7f7"), "private use");
}

TEST(AddressGuard, TheVeryAddressMayBeListedWhateverItCarries) {
  EXPECT_EQ(refusal(guard_that_allows({"64:ff9b::a00:1"}), "64:ff9b::10.0.0.1"), "");
}

TEST(AddressGuard, MalformedListEntriesAreNamed) {
  std::string error;
  const std::vector<std::string> entries{"10.0.0.0/8", "10.0.0.1/8"};
  EXPECT_TRUE(parse_allow_list(entries, error).empty());
  EXPECT_NE(error.find("10.0.0.1/8"), std::string::npos);
}

}  // namespace
}  // namespace opi::egress
