#pragma once
#include <array>
#include <string_view>

#include "egress/ip_address.hpp"

namespace opi::egress {

// One row of the tables that name addresses no webhook receiver lives at.
struct SpecialBlock {
  Cidr block;
  std::string_view name;
};

namespace detail {
consteval SpecialBlock special(std::string_view block, std::string_view name) {
  return {Cidr::parse(block).value(), name};  // a malformed row does not compile
}
}  // namespace detail

// IANA IPv4 Special-Purpose Address Registry, every row in the registry's order
// (https://www.iana.org/assignments/iana-ipv4-special-registry), then multicast (RFC 5771), which has a
// registry of its own. Rows marked globally reachable (AS112, AMT, PCP and TURN anycast) are refused too:
// they are DNS sinks, relays and the site's own gateway.
inline constexpr std::array special_purpose_v4{
    detail::special("0.0.0.0/8", "this network"),                        // RFC 791
    detail::special("0.0.0.0/32", "this host on this network"),          // RFC 1122
    detail::special("10.0.0.0/8", "private use"),                        // RFC 1918
    detail::special("100.64.0.0/10", "shared address space (CGNAT)"),    // RFC 6598
    detail::special("127.0.0.0/8", "loopback"),                          // RFC 1122
    detail::special("169.254.0.0/16", "link-local"),                     // RFC 3927
    detail::special("172.16.0.0/12", "private use"),                     // RFC 1918
    detail::special("192.0.0.0/24", "IETF protocol assignment"),         // RFC 6890
    detail::special("192.0.0.0/29", "IPv4 service continuity"),          // RFC 7335
    detail::special("192.0.0.8/32", "IPv4 dummy address"),               // RFC 7600
    detail::special("192.0.0.9/32", "PCP anycast"),                      // RFC 7723
    detail::special("192.0.0.10/32", "TURN anycast"),                    // RFC 8155
    detail::special("192.0.0.170/32", "NAT64/DNS64 discovery"),          // RFC 7050, RFC 8880
    detail::special("192.0.0.171/32", "NAT64/DNS64 discovery"),          // RFC 7050, RFC 8880
    detail::special("192.0.2.0/24", "documentation"),                    // RFC 5737
    detail::special("192.31.196.0/24", "AS112"),                         // RFC 7535
    detail::special("192.52.193.0/24", "AMT"),                           // RFC 7450
    detail::special("192.88.99.0/24", "deprecated 6to4 relay anycast"),  // RFC 7526
    detail::special("192.88.99.2/32", "6a44 relay anycast"),             // RFC 6751
    detail::special("192.168.0.0/16", "private use"),                    // RFC 1918
    detail::special("192.175.48.0/24", "AS112 direct delegation"),       // RFC 7534
    detail::special("198.18.0.0/15", "benchmarking"),                    // RFC 2544
    detail::special("198.51.100.0/24", "documentation"),                 // RFC 5737
    detail::special("203.0.113.0/24", "documentation"),                  // RFC 5737
    detail::special("240.0.0.0/4", "reserved"),                          // RFC 1112
    detail::special("255.255.255.255/32", "limited broadcast"),          // RFC 8190, RFC 919
    detail::special("224.0.0.0/4", "multicast"),                         // RFC 5771
};

// IANA IPv6 Special-Purpose Address Registry, every row in the registry's order
// (https://www.iana.org/assignments/iana-ipv6-special-registry), then multicast and the deprecated
// site-local block. Rows marked globally reachable are refused too, for the reason above; the NAT64
// prefix is one of them, because it reaches whatever IPv4 address it embeds.
inline constexpr std::array special_purpose_v6{
    detail::special("::1/128", "loopback"),                           // RFC 4291
    detail::special("::/128", "unspecified"),                         // RFC 4291
    detail::special("::ffff:0:0/96", "IPv4-mapped"),                  // RFC 4291
    detail::special("64:ff9b::/96", "NAT64"),                         // RFC 6052
    detail::special("64:ff9b:1::/48", "local-use NAT64"),             // RFC 8215
    detail::special("100::/64", "discard-only"),                      // RFC 6666
    detail::special("100:0:0:1::/64", "dummy prefix"),                // RFC 9780
    detail::special("2001::/23", "IETF protocol assignment"),         // RFC 2928
    detail::special("2001::/32", "Teredo"),                           // RFC 4380
    detail::special("2001:1::1/128", "PCP anycast"),                  // RFC 7723
    detail::special("2001:1::2/128", "TURN anycast"),                 // RFC 8155
    detail::special("2001:1::3/128", "DNS-SD SRP anycast"),           // RFC 9665
    detail::special("2001:2::/48", "benchmarking"),                   // RFC 5180
    detail::special("2001:3::/32", "AMT"),                            // RFC 7450
    detail::special("2001:4:112::/48", "AS112"),                      // RFC 7535
    detail::special("2001:10::/28", "deprecated ORCHID"),             // RFC 4843
    detail::special("2001:20::/28", "ORCHIDv2"),                      // RFC 7343
    detail::special("2001:30::/28", "drone remote identification"),   // RFC 9374
    detail::special("2001:db8::/32", "documentation"),                // RFC 3849
    detail::special("2002::/16", "6to4"),                             // RFC 3056
    detail::special("2620:4f:8000::/48", "AS112 direct delegation"),  // RFC 7534
    detail::special("3fff::/20", "documentation"),                    // RFC 9637
    detail::special("5f00::/16", "segment routing identifiers"),      // RFC 9602
    detail::special("fc00::/7", "unique local"),                      // RFC 4193
    detail::special("fe80::/10", "link-local"),                       // RFC 4291
    detail::special("ff00::/8", "multicast"),                         // RFC 4291
    detail::special("fec0::/10", "deprecated site-local"),            // RFC 3879
};

// The only block that IANA hands out as global unicast (RFC 4291, RFC 3587); what lies outside and in no
// row above is unassigned and refused.
inline constexpr Cidr global_unicast_v6 = Cidr::parse("2000::/3").value();

// Where clouds answer with credentials. Several lie in blocks that operators allow for good reasons, and
// Azure's is a public address, so these need to be allowed one by one.
inline constexpr std::array metadata_services{
    detail::special("169.254.169.254",
                    "cloud metadata service"),                   // AWS, Azure, Google, OpenStack, DigitalOcean, Oracle
    detail::special("169.254.170.2", "container credentials"),   // AWS ECS task role
    detail::special("169.254.170.23", "container credentials"),  // AWS EKS pod identity
    detail::special("168.63.129.16", "Azure wire server"),       // Azure platform
    detail::special("100.100.100.200", "cloud metadata service"),     // Alibaba Cloud
    detail::special("192.0.0.192", "cloud metadata service"),         // Oracle Cloud classic
    detail::special("fd00:ec2::254", "cloud metadata service"),       // AWS
    detail::special("fd00:ec2::23", "container credentials"),         // AWS EKS pod identity
    detail::special("fd20:ce::254", "cloud metadata service"),        // Google Cloud
    detail::special("fd00:c1::a9fe:a9fe", "cloud metadata service"),  // Oracle Cloud
    detail::special("fe80::a9fe:a9fe", "cloud metadata service"),     // OpenStack
};

}  // namespace opi::egress
