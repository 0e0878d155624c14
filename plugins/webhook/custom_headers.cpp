#include "custom_headers.hpp"

#include <algorithm>
#include <array>
#include <opi/plugin.hpp>

namespace opi::webhook {
namespace {

constexpr std::array<std::string_view, 18> reserved{
    "host",    "connection", "content-length",  "transfer-encoding", "te",         "trailer",
    "upgrade", "expect",     "keep-alive",      "content-type",      "user-agent", "authorization",
    "cookie",  "x-api-key",  "idempotency-key", "traceparent",       "tracestate", "x-correlation-id"};
constexpr std::array<std::string_view, 3> reserved_prefixes{"proxy-", "webhook-", "x-oneprotect-"};

bool is_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}
bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

}  // namespace

void check_custom_header(std::string_view name, std::string_view value) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto refuse = [&](const std::string& why) {
    throw sdk::Failure(OPI_E_INVALID, "headers: \"" + header_text(name.substr(0, 128)) + "\" " + why);
  };
  if (name.empty() || name.size() > 128 || !std::ranges::all_of(name, is_token)) refuse("is not a header name");
  if (std::ranges::find(reserved, lower) != reserved.end() ||
      std::ranges::any_of(reserved_prefixes, [&](auto prefix) { return lower.starts_with(prefix); }))
    refuse("is set by the host or the adapter, or carries a credential, and cannot be configured");
  if (!std::ranges::all_of(value, [](char c) { return is_visible(c) || c == ' ' || c == '\t'; }))
    refuse("has a value with characters other than visible ASCII, spaces and tabs");
  if (!value.empty() && (!is_visible(value.front()) || !is_visible(value.back())))
    refuse("has a value with a space at its edge");
}

std::string header_text(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_visible(c) && c != '%') {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[c & 0x0f];
    }
  }
  return out;
}

}  // namespace opi::webhook
