#include "egress/url.hpp"

#include <algorithm>

namespace opi::egress {
namespace {

constexpr bool digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool hex(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr bool alphanumeric(char c) { return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// RFC 3986 pchar, '/' and '?', without '%'.
constexpr bool target_character(char c) {
  return alphanumeric(c) || std::string_view{"-._~!$&'()*+,;=:@/?"}.find(c) != std::string_view::npos;
}

// What is wrong with a host name that is not an address literal; empty if nothing is.
std::string_view name_fault(std::string_view host) {
  if (host.empty()) return "the URL has no host";
  if (host.size() > 253) return "the host name is longer than 253 characters";
  if (host.back() == '.') return "the host name ends in a dot";
  for (const char c : host) {
    if (static_cast<unsigned char>(c) >= 0x80)
      return "internationalised host names are not supported: write the xn-- form";
    if (!alphanumeric(c) && c != '-' && c != '.' && c != '_') return "the host name has a forbidden character";
  }
  std::string_view label;
  for (std::size_t at = 0; at <= host.size();) {
    const std::size_t dot = std::min(host.find('.', at), host.size());
    label = host.substr(at, dot - at);
    if (label.empty()) return "the host name has an empty label";
    if (label.size() > 63) return "a label of the host name is longer than 63 characters";
    if (label.front() == '-' || label.back() == '-') return "a label of the host name starts or ends with '-'";
    at = dot + 1;
  }
  // A host whose last label is a number is an IPv4 address to many parsers: "127.1", "0x7f.0.0.1", "017700000001".
  const bool number =
      std::ranges::all_of(label, digit) ||
      (label.size() >= 2 && label[0] == '0' && lower(label[1]) == 'x' && std::ranges::all_of(label.substr(2), hex));
  if (number) return "the host is neither a name nor an IPv4 address of four plain decimal parts";
  return {};
}

std::string_view target_fault(std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] == '#') return "the URL has a fragment";
    if (target[i] == '%') {
      if (i + 2 >= target.size() || !hex(target[i + 1]) || !hex(target[i + 2]))
        return "the path or query has a malformed percent-encoding";
      i += 2;
    } else if (!target_character(target[i])) {
      return "the path or query has a character that must be percent-encoded";
    }
  }
  return {};
}

// Digits of 1 to 65535 without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0' || !std::ranges::all_of(text, digit)) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  if (value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

ParsedUrl refuse(std::string_view why) { return {std::nullopt, std::string{why}}; }

}  // namespace

std::string Url::authority() const {
  std::string text = literal && literal->v6 ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) text.append(":").append(std::to_string(port));
  return text;
}

std::string Url::origin() const {
  std::string text{tls ? "https://" : "http://"};
  text.reserve(text.size() + host.size() + 8);
  return text.append(host).append("|").append(std::to_string(port));
}

ParsedUrl parse_url(std::string_view text) {
  if (text.size() > Url::max_length) return refuse("the URL is longer than 8192 characters");
  Url url;
  const std::size_t colon = std::min(text.find(':'), text.size());
  std::string scheme;
  std::ranges::transform(text.substr(0, std::min<std::size_t>(colon, 6)), std::back_inserter(scheme), lower);
  if (colon == text.size() || (scheme != "http" && scheme != "https"))
    return refuse("the URL is neither http nor https");
  url.tls = scheme == "https";
  text.remove_prefix(colon);
  if (!text.starts_with("://")) return refuse("the URL is not absolute");
  text.remove_prefix(3);

  const std::size_t end = std::min(text.find_first_of("/?#\\"), text.size());
  std::string_view authority = text.substr(0, end);
  const std::string_view rest = text.substr(end);
  if (authority.find('@') != std::string_view::npos) return refuse("the URL carries user information");

  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return refuse("the URL has an unclosed '['");
    url.literal = IpAddress::parse(authority.substr(1, close - 1));
    if (!url.literal || !url.literal->v6) return refuse("the host in brackets is not an IPv6 address");
    url.host = url.literal->to_string();
    authority.remove_prefix(close + 1);
    if (!authority.empty() && authority[0] != ':') return refuse("the URL has text after ']'");
    has_port = !authority.empty();
    port = has_port ? authority.substr(1) : authority;
  } else {
    const std::size_t at = authority.find(':');
    has_port = at != std::string_view::npos;
    if (has_port) port = authority.substr(at + 1);
    const std::string_view host = authority.substr(0, at);
    url.literal = IpAddress::parse(host);
    if (!url.literal)
      if (const auto fault = name_fault(host); !fault.empty()) return refuse(fault);
    std::ranges::transform(host, std::back_inserter(url.host), lower);
  }
  url.port = url.tls ? 443 : 80;
  if (has_port) {
    const auto number = parse_port(port);
    if (!number) return refuse("the port is not a number from 1 to 65535");
    url.port = *number;
  }
  if (const auto fault = target_fault(rest); !fault.empty()) return refuse(fault);
  url.target = rest.starts_with('/') ? std::string{rest} : "/" + std::string{rest};
  return {std::move(url), {}};
}

}  // namespace opi::egress
