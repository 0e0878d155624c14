#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opi::plugins {

// Scheme, host and port of a URL, as far as an adapter's request needs judging; the transport parses it in full.
struct UrlOrigin {
  bool is_https = false;
  std::string host;  // lower case; an IPv6 address with its brackets
  int port = 0;      // the scheme's default filled in

  bool operator==(const UrlOrigin&) const = default;
};

// nullopt unless the text is an absolute http or https URL of visible ASCII without userinfo, fragment or backslash.
std::optional<UrlOrigin> parse_origin(std::string_view url);

// Whether an adapter with this egress list may send to an origin. Patterns: "{endpoint}" is the destination's own
// origin, "*" any, "example.com" that host and "*.example.com" those below it, on https at its default port alone.
bool egress_covers(const std::vector<std::string>& patterns, const UrlOrigin& origin,
                   const std::optional<UrlOrigin>& endpoint);

}  // namespace opi::plugins
