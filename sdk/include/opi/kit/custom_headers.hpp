#pragma once
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <opi/plugin.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opi/kit/config.hpp"

namespace opi::kit {
namespace detail {

inline constexpr std::array<std::string_view, 18> reserved_headers{
    "host",    "connection", "content-length",  "transfer-encoding", "te",         "trailer",
    "upgrade", "expect",     "keep-alive",      "content-type",      "user-agent", "authorization",
    "cookie",  "x-api-key",  "idempotency-key", "traceparent",       "tracestate", "x-correlation-id"};
inline constexpr std::array<std::string_view, 3> reserved_header_prefixes{"proxy-", "webhook-", "x-oneprotect-"};

inline bool is_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}
inline bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

}  // namespace detail

// Text that may hold anything, for a header value: bytes outside visible ASCII, and '%', are percent-encoded.
inline std::string header_text(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (detail::is_visible(c) && c != '%') {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[c & 0x0f];
    }
  }
  return out;
}

// Throws sdk::Failure naming the header, behind `field`, if its name or value is malformed, or if the name belongs to
// the host or to an adapter: those of the connection, content-type, user-agent, webhook-*, x-oneprotect-*,
// idempotency-key, x-correlation-id, traceparent, tracestate, and those that carry credentials (authorization, cookie,
// x-api-key).
inline void check_custom_header(std::string_view field, std::string_view name, std::string_view value) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto refuse = [&](const std::string& why) {
    throw sdk::Failure(OPI_E_INVALID, std::string(field) + ": \"" + header_text(name.substr(0, 128)) + "\" " + why);
  };
  if (name.empty() || name.size() > 128 || !std::ranges::all_of(name, detail::is_token)) refuse("is not a header name");
  if (std::ranges::find(detail::reserved_headers, lower) != detail::reserved_headers.end() ||
      std::ranges::any_of(detail::reserved_header_prefixes, [&](auto prefix) { return lower.starts_with(prefix); }))
    refuse("is set by the host or the adapter, or carries a credential, and cannot be configured");
  if (!std::ranges::all_of(value, [](char c) { return detail::is_visible(c) || c == ' ' || c == '\t'; }))
    refuse("has a value with characters other than visible ASCII, spaces and tabs");
  if (!value.empty() && (!detail::is_visible(value.front()) || !detail::is_visible(value.back())))
    refuse("has a value with a space at its edge");
}

using CustomHeaders = std::vector<std::pair<std::string, std::string>>;

// The fixed headers of a configuration's object `name`, checked; `field` is what failures call it.
inline CustomHeaders custom_headers(const boost::json::object& object, std::string_view name, std::string_view field) {
  CustomHeaders headers;
  const auto* const value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return headers;
  if (!value->is_object()) wrong(field, "is not an object");
  for (const auto& [header, content] : value->get_object()) {
    if (!content.is_string()) wrong(field, "has a value that is not a string");
    headers.emplace_back(std::string(header), std::string(content.get_string()));
    check_custom_header(field, headers.back().first, headers.back().second);
  }
  return headers;
}

}  // namespace opi::kit
