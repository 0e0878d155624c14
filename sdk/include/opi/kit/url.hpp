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

// The URL before its query.
inline std::string_view without_query(std::string_view url) { return url.substr(0, url.find('?')); }

// The endpoint with a path below it, which begins with '/' and may have a query; the endpoint's own query, such as an
// API version, stands behind that. Throws sdk::Failure if the path would climb out of the endpoint by a segment "." or
// "..".
inline std::string url_below(std::string_view endpoint, std::string_view path) {
  auto base = without_query(endpoint);
  const auto query = endpoint.substr(std::min(base.size() + 1, endpoint.size()));
  while (base.ends_with('/')) base.remove_suffix(1);
  const auto before_query = without_query(path);
  for (std::size_t at = 0; at < before_query.size();) {
    const auto end = std::min(before_query.find('/', at), before_query.size());
    const auto segment = before_query.substr(at, end - at);
    if (segment == "." || segment == "..")
      throw sdk::Failure(OPI_E_INVALID, "the URL's path has a segment \"" + std::string(segment) + "\"");
    at = end + 1;
  }
  auto url = std::string(base) + std::string(path);
  if (!query.empty()) url.append(before_query.size() == path.size() ? "?" : "&").append(query);
  return url;
}

// scheme://host[:port] of a URL.
inline std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  if (host == std::string_view::npos) return {};
  return url.substr(0, std::min(url.find_first_of("/?", host + 3), url.size()));
}

}  // namespace opi::kit
