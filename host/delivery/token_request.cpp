#include "delivery/token_request.hpp"

#include <strings.h>

#include <algorithm>
#include <boost/json/parser.hpp>
#include <boost/json/static_resource.hpp>
#include <charconv>
#include <new>

#include "crypto/digest.hpp"
#include "delivery/endpoint_secrets.hpp"
#include "delivery/transport_outcome.hpp"
#include "domain/header_field.hpp"
#include "domain/redaction.hpp"
#include "secrets/scrub.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;
using TokenResult = std::variant<AccessToken, Outcome>;

constexpr int most_json_depth = 8;

std::string_view text_of(const secrets::Secret& secret) {
  const auto bytes = secret.reveal();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void wipe(std::string& text) { ::explicit_bzero(text.data(), text.size()); }

// application/x-www-form-urlencoded, as RFC 6749 appendix B wants it, also within Basic.
void append_form_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        std::string_view{"*-._"}.find(c) != std::string_view::npos)
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
}

void append_field(std::string& body, std::string_view name, std::string_view value) {
  if (!body.empty()) body += '&';
  body.append(name).append("=");
  append_form_encoded(body, value);
}

std::string basic_credentials(const ClientCredentialsAuthorization& client, const secrets::Secret& client_secret) {
  std::string pair;
  pair.reserve(3 * (client.client_id.size() + client_secret.reveal().size()) + 1);  // one place to wipe
  append_form_encoded(pair, client.client_id);
  pair += ':';
  append_form_encoded(pair, text_of(client_secret));
  auto value = "Basic " + crypto::to_base64({reinterpret_cast<const std::uint8_t*>(pair.data()), pair.size()});
  wipe(pair);
  return value;
}

Outcome no_token(Verdict verdict, std::string reason, std::string detail) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.reason = std::move(reason);
  outcome.detail = "no access token, so nothing was sent to the receiver: " + std::move(detail);
  return outcome;
}

Outcome unusable(const std::string& what) {
  return no_token(Verdict::retry, "token_response_invalid", "the token endpoint's answer " + what);
}

std::string_view member(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view{text->data(), text->size()};
}

// A number of seconds; some endpoints write it as a text.
std::optional<std::chrono::seconds> lifetime_of(const json::object& object) {
  const auto* value = object.if_contains("expires_in");
  if (value == nullptr) return std::nullopt;
  json::error_code failure;
  if (const auto number = value->to_number<std::int64_t>(failure); !failure) return std::chrono::seconds{number};
  const auto text = member(object, "expires_in");
  std::int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds{seconds};
}

TokenResult token_of(const json::object& object) {
  const auto token = member(object, "access_token");
  if (token.empty()) return unusable("holds no access_token");
  if (token.size() > TokenLimits::token_bytes)
    return unusable("holds an access_token of more than " + std::to_string(TokenLimits::token_bytes) + " bytes");
  if (!is_header_value(token)) return unusable("holds an access_token that is not visible ASCII");
  if (lower_case(member(object, "token_type")) != "bearer") return unusable("holds a token_type that is not Bearer");
  return AccessToken{std::make_shared<const secrets::Secret>(token), lifetime_of(object)};
}

// Every copy that the parser makes of the token lies in pages that are wiped.
TokenResult parse_token(std::string_view body) {
  secrets::Secret pages(secrets::Secret::max_bytes);
  json::static_resource memory(pages.writable().data(), pages.writable().size());
  try {
    json::parse_options options;
    options.max_depth = most_json_depth;
    json::parser parser(&memory, options);
    parser.reset(&memory);
    json::error_code failure;
    parser.write({body.data(), body.size()}, failure);
    if (failure) return unusable("is not JSON");
    const json::value value = parser.release();
    const auto* object = value.if_object();
    return object == nullptr ? unusable("is not a JSON object") : token_of(*object);
  } catch (const std::bad_alloc&) {
    return unusable("holds too much beside the token");
  }
}

// "HTTP status 400, invalid_scope: the scope is unknown"
std::string said_by(int status, const json::object& object, const ClientCredentialsAuthorization& client,
                    const secrets::SecretSet& secrets) {
  const auto url_parts = endpoint_secrets(client.token_url);
  const auto said = [&](const char* name, std::size_t limit) {
    std::string value(member(object, name));
    secrets::scrub(value, secrets, url_parts);
    return redact(value, limit);
  };
  std::string text = "the token endpoint answered with HTTP status " + std::to_string(status);
  if (const auto error = said("error", TokenLimits::error_characters); !error.empty()) text += ", " + error;
  if (const auto why = said("error_description", TokenLimits::description_characters); !why.empty()) text += ": " + why;
  return text;
}

Outcome refusal(const HttpResponse& response, const ClientCredentialsAuthorization& client,
                const secrets::SecretSet& secrets) {
  json::error_code failure;
  json::parse_options options;
  options.max_depth = most_json_depth;
  json::parser parser({}, options);
  parser.write(response.body, failure);
  const json::value value = failure ? json::value(nullptr) : parser.release();
  const auto* object = value.if_object();
  const json::object nothing;
  const auto& said = object == nullptr ? nothing : *object;
  const int status = response.status;
  const auto text = said_by(status, said, client, secrets);
  if (status == 401 || (status == 400 && member(said, "error") == "invalid_client"))
    return no_token(Verdict::auth, "token_client_refused", text);
  const bool passing = status >= 500 || status == 429 || status == 408;
  return no_token(passing ? Verdict::retry : Verdict::reject, "token_request_refused", text);
}

}  // namespace

HttpRequest token_request(const ClientCredentialsAuthorization& client, const secrets::Secret& client_secret) {
  HttpRequest request;
  request.method = "POST";
  request.url = client.token_url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  append_field(request.body, "grant_type", "client_credentials");
  if (!client.scope.empty()) append_field(request.body, "scope", client.scope);
  if (!client.audience.empty()) append_field(request.body, "audience", client.audience);
  if (client.client_authentication == ClientAuthentication::basic) {
    request.headers.push_back({"Authorization", basic_credentials(client, client_secret)});
  } else {
    append_field(request.body, "client_id", client.client_id);
    append_field(request.body, "client_secret", text_of(client_secret));
  }
  return request;
}

std::variant<AccessToken, Outcome> read_token_response(HttpResponse&& response,
                                                       const ClientCredentialsAuthorization& client,
                                                       const secrets::SecretSet& secrets) {
  HttpResponse own = std::move(response);
  if (own.fault != TransportFault::none) {
    // What happened to the token request: the delivery's own was never sent, so nothing about it is in doubt.
    const auto fault = transport_outcome(own);
    auto outcome = no_token(fault.verdict == Verdict::reject ? Verdict::reject : Verdict::retry,
                            "token_" + fault.reason, "the request to the token endpoint failed: " + fault.detail);
    outcome.peer = fault.peer;
    return outcome;
  }
  if (own.status < 200 || own.status > 299) {
    auto outcome = refusal(own, client, secrets);
    wipe(own.body);
    return outcome;
  }
  const bool too_large = own.body_truncated || own.body.size() > TokenLimits::response_bytes;
  TokenResult result =
      too_large ? TokenResult(unusable("is larger than " + std::to_string(TokenLimits::response_bytes) + " bytes"))
                : parse_token(own.body);
  wipe(own.body);
  return result;
}

}  // namespace opi::delivery
