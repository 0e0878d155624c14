#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "egress/ip_address.hpp"

namespace opi::egress {

// An absolute http or https URL, taken apart.
struct Url {
  static constexpr std::size_t max_length = 8192;

  bool tls = false;
  std::string host;                  // lower case, IPv6 without brackets
  std::optional<IpAddress> literal;  // set if the host is an address
  std::uint16_t port = 0;
  std::string target;  // path and query, starts with '/'

  // "host" or "host:port" as the Host header wants it: the port only if it is not the scheme's.
  [[nodiscard]] std::string authority() const;
  // Equal for all URLs that may share a connection; for use as a key.
  [[nodiscard]] std::string origin() const;
};

struct ParsedUrl {
  std::optional<Url> url;
  std::string error;  // if there is no url: why, without repeating any of it
};

// Strict, so that no two readers see two hosts: no userinfo, fragment, backslash, percent-encoded or
// non-ASCII host, trailing dot or numeric host other than a plain dotted quad. Pure.
ParsedUrl parse_url(std::string_view text);

}  // namespace opi::egress
