#include "egress/proxy.hpp"

#include <strings.h>

#include <algorithm>

#include "crypto/digest.hpp"
#include "egress/address_guard.hpp"

namespace opi::egress {
namespace {

constexpr std::size_t max_credentials_bytes = 1'024;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool is_credentials(std::string_view text) {
  return text.size() <= max_credentials_bytes && text.find(':') != std::string_view::npos &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::shared_ptr<const Proxy> Proxy::parse(std::string_view url, std::string_view credentials,
                                          std::span<const std::string> exceptions, std::string& error) {
  const std::shared_ptr<Proxy> proxy(new Proxy);
  const auto parsed = parse_url(url);
  if (!parsed.url || parsed.url->tls || parsed.url->target != "/") {
    error = "egress.proxy must be http://host or http://host:port";
    return nullptr;
  }
  proxy->url_ = *parsed.url;
  if (!credentials.empty() && !is_credentials(credentials)) {
    error = "egress.proxy_credentials_file must hold user:password, of at most 1024 bytes without control characters";
    return nullptr;
  }
  if (!credentials.empty())
    proxy->authorization_ =
        "Basic " + crypto::to_base64({reinterpret_cast<const std::uint8_t*>(credentials.data()), credentials.size()});
  for (const auto& entry : exceptions) {
    std::string no_block;
    const auto blocks = parse_allow_list({&entry, 1}, no_block);
    const bool suffix = entry.starts_with('.');
    if (no_block.empty()) {
      proxy->blocks_.insert(proxy->blocks_.end(), blocks.begin(), blocks.end());
    } else if (is_name(suffix ? std::string_view(entry).substr(1) : entry)) {
      (suffix ? proxy->suffixes_ : proxy->names_).push_back(entry);
    } else {
      error = "egress.proxy_exceptions has an entry that is no host name in lower case, no .suffix and no CIDR block";
      return nullptr;
    }
  }
  return proxy;
}

Proxy::~Proxy() { ::explicit_bzero(authorization_.data(), authorization_.size()); }

bool Proxy::excepts(std::string_view host, const IpAddress& address) const {
  return std::ranges::find(names_, host) != names_.end() ||
         std::ranges::any_of(suffixes_, [&](const std::string& suffix) { return host.ends_with(suffix); }) ||
         std::ranges::any_of(blocks_, [&](const Cidr& block) { return block.contains(address); });
}

std::string Proxy::connect_request(const IpAddress& target, std::uint16_t port) const {
  const auto address = target.v6 ? "[" + target.to_string() + "]" : target.to_string();
  const auto authority = address + ":" + std::to_string(port);
  std::string request;
  request.reserve(2 * authority.size() + authorization_.size() + 64);  // no copy of the credentials is left behind
  request.append("CONNECT ").append(authority).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
  if (!authorization_.empty()) request.append("Proxy-Authorization: ").append(authorization_).append("\r\n");
  return request.append("\r\n");
}

TunnelAnswer read_tunnel_answer(std::string_view bytes) {
  using Kind = TunnelAnswer::Kind;
  constexpr std::string_view start = "HTTP/1.", end = "\r\n\r\n";
  const auto head = bytes.find(end);
  if (bytes.substr(0, start.size()) != start.substr(0, bytes.size())) return {Kind::malformed, 0};
  if (head == std::string_view::npos)
    return {bytes.size() < max_tunnel_answer_bytes ? Kind::incomplete : Kind::malformed, 0};
  // "HTTP/1.1 200 …"
  const auto code = bytes.substr(start.size() + 1, 4);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (code.size() < 4 || code[0] != ' ' || !std::all_of(code.begin() + 1, code.end(), is_digit))
    return {Kind::malformed, 0};
  const int status = (code[1] - '0') * 100 + (code[2] - '0') * 10 + (code[3] - '0');
  if (status >= 200 && status < 300)
    return {head + end.size() == bytes.size() ? Kind::opened : Kind::malformed, status};
  return {status >= 502 && status <= 504 ? Kind::unreachable : Kind::refused, status};
}

}  // namespace opi::egress
