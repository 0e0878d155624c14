#include "receiver/authorization_server.hpp"

#include <algorithm>
#include <optional>

#include "crypto/digest.hpp"

namespace opi::receiver {
namespace {

std::string form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' && i + 2 < text.size() ? crypto::from_hex(text.substr(i + 1, 2)) : std::nullopt;
    out += byte ? static_cast<char>(byte->front()) : text[i] == '+' ? ' ' : text[i];
    if (byte) i += 2;
  }
  return out;
}

std::string form_field(std::string_view body, std::string_view name) {
  while (!body.empty()) {
    const auto pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(pair.size() + 1, body.size()));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return form_decoded(pair.substr(name.size() + 1));
  }
  return {};
}

struct Client {
  std::string id, secret;
};

Client client_of(std::string_view authorization, std::string_view body) {
  constexpr std::string_view basic = "Basic ";
  if (!authorization.starts_with(basic)) return {form_field(body, "client_id"), form_field(body, "client_secret")};
  const auto pair = crypto::from_base64(authorization.substr(basic.size()));
  if (!pair) return {};
  const std::string_view text{reinterpret_cast<const char*>(pair->data()), pair->size()};
  const auto colon = std::min(text.find(':'), text.size());
  return {form_decoded(text.substr(0, colon)), form_decoded(text.substr(std::min(colon + 1, text.size())))};
}

}  // namespace

Answer AuthorizationServer::issue(const std::string& authorization, const std::string& body) {
  if (form_field(body, "grant_type") != "client_credentials")
    return {400, {}, {}, R"({"error":"unsupported_grant_type"})"};
  const auto client = client_of(authorization, body);
  if (client.id != options_.client_id || client.secret != options_.client_secret)
    // As some servers do, it repeats what it was sent.
    return {
        401,
        {},
        {},
        R"({"error":"invalid_client","error_description":"no client )" + client.id + " with " + client.secret + "\"}"};
  const std::string token = "token-of-the-receiver-" + std::to_string(uses_.size() + 1);
  uses_[token] = 0;
  return {200,
          {},
          "Cache-Control: no-store\r\n",
          R"({"access_token":")" + token + R"(","token_type":"Bearer","expires_in":)" +
              std::to_string(options_.token_lifetime.count()) + "}"};
}

bool AuthorizationServer::admits(const std::string& authorization) {
  if (std::ranges::find(options_.known, authorization) != options_.known.end()) return true;
  constexpr std::string_view bearer = "Bearer ";
  if (!authorization.starts_with(bearer)) return false;
  const auto found = uses_.find(authorization.substr(bearer.size()));
  return found != uses_.end() && (options_.token_uses == 0 || found->second++ < options_.token_uses);
}

}  // namespace opi::receiver
