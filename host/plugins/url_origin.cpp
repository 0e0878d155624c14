#include "plugins/url_origin.hpp"

#include <algorithm>
#include <charconv>

#include "plugins/header_rules.hpp"

namespace opi::plugins {

std::optional<UrlOrigin> parse_origin(std::string_view url) {
  if (!std::ranges::all_of(url, [](char c) { return c > 0x20 && c < 0x7f && c != '\\' && c != '#'; }))
    return std::nullopt;
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const auto scheme = lower_case(url.substr(0, colon));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  UrlOrigin origin{scheme == "https", {}, scheme == "https" ? 443 : 80};

  auto authority = url.substr(colon + 3);
  authority = authority.substr(0, authority.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos) return std::nullopt;
  const auto host_end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  auto host = authority.substr(0, host_end);
  if (authority.starts_with('[')) {
    if (host_end == std::string_view::npos) return std::nullopt;
    host = authority.substr(0, host_end + 1);
  }
  if (host.empty() || host.size() > 255) return std::nullopt;
  if (const auto rest = authority.substr(host.size()); !rest.empty()) {
    if (rest.front() != ':' || rest.size() > 6) return std::nullopt;
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), origin.port);
    if (error != std::errc{} || end != rest.data() + rest.size() || origin.port < 1 || origin.port > 65535)
      return std::nullopt;
  }
  origin.host = lower_case(host);
  return origin;
}

bool egress_covers(const std::vector<std::string>& patterns, const UrlOrigin& origin,
                   const std::optional<UrlOrigin>& endpoint) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    if (pattern == "*") return true;
    if (pattern == "{endpoint}") return endpoint == origin;
    if (!origin.is_https || origin.port != 443) return false;
    if (pattern.starts_with("*."))
      return origin.host.size() > pattern.size() - 1 && origin.host.ends_with(pattern.substr(1));
    return origin.host == pattern;
  });
}

}  // namespace opi::plugins
