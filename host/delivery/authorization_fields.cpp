#include "delivery/authorization_fields.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "domain/header_field.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;
using Limits = AuthorizationLimits;

constexpr std::size_t scheme_length = 32, header_length = 128;

std::string read_header(JsonFields& fields) {
  auto header = fields.required_text("header", header_length);
  if (!header.empty() && !may_authorize(header))
    fields.error("header", "must be the name of a header that is neither the connection's nor the host's own");
  return header;
}

std::string read_prefix(JsonFields& fields) {
  auto prefix = fields.text("prefix", Limits::prefix_length).value_or("");
  // A space may part it from the secret.
  if (!is_header_value(prefix + "x")) fields.error("prefix", "must be visible ASCII");
  return prefix;
}

// RFC 6749 appendix A: visible ASCII and spaces.
std::string read_visible(JsonFields& fields, const char* name, std::size_t limit, bool required) {
  auto text = required ? fields.required_text(name, limit) : fields.text(name, limit).value_or("");
  if (std::ranges::any_of(text, [](char c) { return c < 0x20 || c > 0x7e; }))
    fields.error(name, "must be visible ASCII and spaces");
  return text;
}

Authorization read_basic(JsonFields& fields) {
  fields.refuse_unknown({"scheme", "username"});
  BasicAuthorization basic{fields.required_text("username", Limits::username_length)};
  if (basic.username.find(':') != std::string::npos) fields.error("username", "may not hold ':'");
  return basic;
}

Authorization read_own_header(JsonFields& fields) {
  fields.refuse_unknown({"scheme", "header", "prefix"});
  return HeaderAuthorization{read_header(fields), read_prefix(fields)};
}

Authorization read_hmac(JsonFields& fields) {
  fields.refuse_unknown({"scheme", "header", "prefix", "encoding"});
  HmacAuthorization hmac{read_header(fields), read_prefix(fields)};
  const auto encoding = fields.text("encoding", 16).value_or("hex");
  if (encoding != "hex" && encoding != "base64") fields.error("encoding", "must be hex or base64");
  if (encoding == "base64") hmac.encoding = MacEncoding::base64;
  return hmac;
}

Authorization read_client_credentials(JsonFields& fields, const std::optional<Authorization>& stored) {
  fields.refuse_unknown({"scheme", "token_url", "client_id", "scope", "audience", "client_authentication"});
  ClientCredentialsAuthorization own;
  const auto* before = stored ? std::get_if<ClientCredentialsAuthorization>(&*stored) : nullptr;
  own.token_url = before == nullptr ? fields.required_text("token_url", Limits::token_url_length)
                                    : fields.text("token_url", Limits::token_url_length).value_or(before->token_url);
  own.client_id = read_visible(fields, "client_id", Limits::client_id_length, true);
  own.scope = read_visible(fields, "scope", Limits::scope_length, false);
  own.audience = read_visible(fields, "audience", Limits::audience_length, false);
  const auto how = fields.text("client_authentication", 16).value_or("basic");
  if (how != "basic" && how != "post") fields.error("client_authentication", "must be basic or post");
  if (how == "post") own.client_authentication = ClientAuthentication::post;
  return own;
}

}  // namespace

std::optional<Authorization> read_authorization(const json::object& object, const std::string& path,
                                                const std::optional<Authorization>& stored,
                                                std::vector<FieldError>& errors) {
  const auto errors_before = errors.size();
  JsonFields fields(object, path, errors);
  std::optional<Authorization> read;
  const auto scheme = fields.required_text("scheme", scheme_length);
  if (scheme == "bearer") {
    fields.refuse_unknown({"scheme"});
    read = BearerAuthorization{};
  } else if (scheme == "basic") {
    read = read_basic(fields);
  } else if (scheme == "header") {
    read = read_own_header(fields);
  } else if (scheme == "hmac") {
    read = read_hmac(fields);
  } else if (scheme == "oauth2_client_credentials") {
    read = read_client_credentials(fields, stored);
  } else if (!scheme.empty()) {
    fields.error("scheme", "must be bearer, basic, header, hmac or oauth2_client_credentials");
  }
  return errors.size() == errors_before ? read : std::nullopt;
}

json::object to_json(const Authorization& authorization) {
  const auto scheme = scheme_of(authorization);
  json::object out{{"scheme", json::string_view{scheme.data(), scheme.size()}}};
  if (const auto* basic = std::get_if<BasicAuthorization>(&authorization)) {
    out["username"] = basic->username;
  } else if (const auto* own = std::get_if<HeaderAuthorization>(&authorization)) {
    out["header"] = own->header;
    out["prefix"] = own->prefix;
  } else if (const auto* hmac = std::get_if<HmacAuthorization>(&authorization)) {
    out["header"] = hmac->header;
    out["prefix"] = hmac->prefix;
    out["encoding"] = hmac->encoding == MacEncoding::hex ? "hex" : "base64";
  } else if (const auto* client = std::get_if<ClientCredentialsAuthorization>(&authorization)) {
    out["token_url"] = client->token_url;
    out["client_id"] = client->client_id;
    out["scope"] = client->scope;
    out["audience"] = client->audience;
    out["client_authentication"] = client->client_authentication == ClientAuthentication::basic ? "basic" : "post";
  }
  return out;
}

std::optional<std::string> authorization_text(const std::optional<Authorization>& authorization) {
  return authorization ? std::optional{json::serialize(to_json(*authorization))} : std::nullopt;
}

std::optional<Authorization> parse_authorization_text(std::string_view text) {
  json::error_code failure;
  const auto value = json::parse({text.data(), text.size()}, failure);
  const auto* object = failure ? nullptr : value.if_object();
  std::vector<FieldError> errors;
  return object == nullptr ? std::nullopt : read_authorization(*object, "authorization", std::nullopt, errors);
}

bool is_https(std::string_view url) { return lower_case(url.substr(0, 8)) == "https://"; }

std::optional<std::string> member_without_tls(const Destination& destination) {
  if (!is_https(destination.endpoint)) return "endpoint";
  if (destination.authorization)
    if (const auto* client = std::get_if<ClientCredentialsAuthorization>(&*destination.authorization))
      if (!is_https(client->token_url)) return "authorization.token_url";
  return std::nullopt;
}

}  // namespace opi::delivery
