#pragma once
#include <opi/plugin.hpp>
#include <string>
#include <string_view>

namespace opi::kit {

// Everything but RFC 3986's unreserved characters percent-encoded: fit for one path segment or query value.
inline std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        std::string_view{"-._~"}.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[c & 0x0f];
    }
  }
  return out;
}

// The endpoint with a path below it, which begins with '/' and may have a query. Throws sdk::Failure if the endpoint
// has a query of its own, or if the path would climb out of it by a segment "." or "..".
inline std::string url_below(std::string_view endpoint, std::string_view path) {
  if (endpoint.find('?') != std::string_view::npos)
    throw sdk::Failure(OPI_E_INVALID, "endpoint_url: must be the base of the API, without a query");
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  const auto before_query = path.substr(0, path.find('?'));
  for (std::size_t at = 0; at < before_query.size();) {
    const auto end = std::min(before_query.find('/', at), before_query.size());
    const auto segment = before_query.substr(at, end - at);
    if (segment == "." || segment == "..")
      throw sdk::Failure(OPI_E_INVALID, "the URL's path has a segment \"" + std::string(segment) + "\"");
    at = end + 1;
  }
  return std::string(endpoint) + std::string(path);
}

// scheme://host[:port] of a URL.
inline std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  if (host == std::string_view::npos) return {};
  return url.substr(0, std::min(url.find_first_of("/?", host + 3), url.size()));
}

}  // namespace opi::kit
