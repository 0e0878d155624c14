#include "delivery/authorizer.hpp"

#include <strings.h>

#include <algorithm>

#include "crypto/digest.hpp"
#include "delivery/authorization_fields.hpp"
#include "domain/header_field.hpp"

namespace opi::delivery {
namespace {

using secrets::SecretSet;
using secrets::SecretVersion;

// No purpose of a credential has a space.
constexpr std::string_view token_entry = "access token";

Authorized failed(Verdict verdict, std::string reason, std::string detail) {
  Authorized result;
  result.failure.verdict = verdict;
  result.failure.reason = std::move(reason);
  result.failure.detail = std::move(detail);
  return result;
}

// What a person can mend at the secret or its store is tried again.
Authorized unusable(std::string_view purpose, std::string reason, std::string detail) {
  auto result = failed(Verdict::retry, std::move(reason), std::move(detail));
  result.unusable_purpose = purpose;
  return result;
}

// The current version of the purpose's secret; null with the reason in `fault`.
const SecretVersion* current(const SecretSet& secrets, std::string_view purpose, std::string& fault) {
  const auto* known = secrets.find(purpose);
  if (known != nullptr && !known->versions.empty()) return &known->versions.front();
  fault = known == nullptr
              ? "the destination has no credential for purpose '" + std::string(purpose) + "'"
              : "the secret of purpose '" + std::string(purpose) + "' cannot be resolved: " + known->failure;
  return nullptr;
}

std::string_view text_of(const secrets::Secret& secret) {
  const auto bytes = secret.reveal();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// One string, of which no copy is left behind.
std::string joined(std::string_view prefix, std::string_view secret) {
  std::string value;
  value.reserve(prefix.size() + secret.size());
  return value.append(prefix).append(secret);
}

std::string basic_value(const BasicAuthorization& basic, std::string_view password) {
  std::string pair;
  pair.reserve(basic.username.size() + 1 + password.size());  // one place to wipe
  pair.append(basic.username).append(":").append(password);
  auto encoded = crypto::to_base64(bytes_of(pair));
  auto value = joined("Basic ", encoded);
  ::explicit_bzero(pair.data(), pair.size());
  ::explicit_bzero(encoded.data(), encoded.size());
  return value;
}

std::string mac_value(const HmacAuthorization& hmac, const secrets::Secret& key, std::string_view body) {
  const auto mac = crypto::hmac_sha256(key.reveal(), body);
  return hmac.prefix + (hmac.encoding == MacEncoding::hex ? crypto::to_hex(mac) : crypto::to_base64(mac));
}

// The value of the header that authorises with the secret itself; empty if the secret is none that it can be made of.
std::string header_value(const Authorization& authorization, const secrets::Secret& secret, std::string_view body) {
  const auto text = text_of(secret);
  const bool no_controls =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (text.empty()) return {};
  if (const auto* basic = std::get_if<BasicAuthorization>(&authorization))
    return no_controls ? basic_value(*basic, text) : std::string{};
  if (const auto* hmac = std::get_if<HmacAuthorization>(&authorization)) return mac_value(*hmac, secret, body);
  if (!is_header_value(text)) return {};
  const auto* own = std::get_if<HeaderAuthorization>(&authorization);
  return joined(own == nullptr ? "Bearer " : own->prefix, text);
}

bool carries(const HttpRequest& request, std::string_view header) {
  return std::ranges::any_of(request.headers,
                             [&](const Header& one) { return lower_case(one.name) == lower_case(header); });
}

std::shared_ptr<SecretSet> with_token(const SecretSet& secrets, std::shared_ptr<const secrets::Secret> token) {
  auto all = std::make_shared<SecretSet>(secrets);
  std::erase_if(all->purposes, [](const auto& one) { return one.purpose == token_entry; });
  all->purposes.push_back({std::string(token_entry), {{std::move(token), ""}}, {}});
  return all;
}

Authorized ready_with(HttpRequest&& request, std::string_view header, std::string value,
                      std::shared_ptr<SecretSet> secrets) {
  Authorized result;
  secrets->sent.push_back(std::make_shared<const secrets::Secret>(value));
  result.secrets = std::move(secrets);
  result.status = Authorized::Status::ready;
  result.request = std::move(request);
  result.request.headers.push_back({std::string(header), std::move(value)});
  result.used_purposes = {std::string(authorization_purpose)};
  return result;
}

Authorized ready_with_token(HttpRequest&& request, const AccessTokens::Answer& answer, const SecretSet& secrets) {
  Authorized result;
  if (const auto* token = std::get_if<std::shared_ptr<const secrets::Secret>>(&answer)) {
    result = ready_with(std::move(request), "Authorization", joined("Bearer ", text_of(**token)),
                        with_token(secrets, *token));
  } else if (const auto* failure = std::get_if<Outcome>(&answer)) {
    result.failure = *failure;
    result.used_purposes = {std::string(authorization_purpose)};
  } else {
    result.status = Authorized::Status::cancelled;
  }
  return result;
}

}  // namespace

void Authorizer::authorize(const std::shared_ptr<const Destination>& destination,
                           const std::shared_ptr<const SecretSet>& secrets, HttpRequest request,
                           std::chrono::milliseconds patience, Ready ready) {
  const auto done = [secrets, ready = std::move(ready)](Authorized&& result) {
    if (!result.secrets) result.secrets = secrets;
    if (result.status == Authorized::Status::ready && result.request.client_certificate)
      result.used_purposes.emplace_back(client_certificate_purpose);
    ready(std::move(result));
  };
  std::string fault;
  if (destination->has_credential(client_certificate_purpose)) {
    const auto* pem = current(*secrets, client_certificate_purpose, fault);
    if (pem == nullptr) return done(unusable(client_certificate_purpose, "client_certificate_unavailable", fault));
    auto read = certificates_.read(destination->id, pem->value);
    if (const auto* what = std::get_if<std::string>(&read))
      return done(unusable(client_certificate_purpose, "client_certificate_unusable",
                           "the client certificate cannot be used: " + *what));
    if (!is_https(request.url))
      return done(failed(Verdict::reject, "client_certificate_without_tls",
                         "the destination has a client certificate, and the request's URL is not https"));
    request.client_certificate = std::get<0>(read);
  }
  if (!destination->authorization) {
    Authorized result;
    result.status = Authorized::Status::ready;
    result.request = std::move(request);
    return done(std::move(result));
  }
  const auto& authorization = *destination->authorization;
  const auto header = header_of(authorization);
  if (carries(request, header))
    return done(failed(Verdict::reject, "authorization_conflict",
                       "the adapter's request has a header " + std::string(header) +
                           " already, which the destination's authorization is to set"));
  const auto* secret = current(*secrets, authorization_purpose, fault);
  if (secret == nullptr) return done(unusable(authorization_purpose, "authorization_secret_unavailable", fault));
  if (std::holds_alternative<ClientCredentialsAuthorization>(authorization)) {
    AccessTokens::Wanted wanted{destination, secrets, *secret, request.client_certificate, patience};
    if (text_of(*secret->value).empty())
      return done(unusable(authorization_purpose, "authorization_secret_unusable", "the client secret is empty"));
    return tokens_.get(std::move(wanted),
                       [done, secrets, request = std::move(request)](const AccessTokens::Answer& answer) mutable {
                         done(ready_with_token(std::move(request), answer, *secrets));
                       });
  }
  auto value = header_value(authorization, *secret->value, request.body);
  if (value.empty())
    return done(unusable(authorization_purpose, "authorization_secret_unusable",
                         "the secret of purpose 'authorization' is empty or holds characters that no header may"));
  auto with_sent = std::make_shared<SecretSet>(*secrets);
  if (!std::holds_alternative<HmacAuthorization>(authorization)) with_sent->sent.push_back(secret->value);
  done(ready_with(std::move(request), header, std::move(value), std::move(with_sent)));
}

bool Authorizer::refused(const Destination& destination, const SecretSet& secrets) {
  const auto* token = secrets.find(token_entry);
  if (token != nullptr) tokens_.invalidate(destination.id, *token->versions.front().value);
  return token != nullptr;
}

}  // namespace opi::delivery
