#include "identity/authenticator.hpp"

#include <algorithm>
#include <optional>

#include "crypto/digest.hpp"
#include "identity/portal_link.hpp"

namespace opi::identity {
namespace {

constexpr std::string_view scheme = "bearer";
constexpr std::string_view not_a_bearer = "The Authorization header is not a bearer token";

// The token of an Authorization header; nullopt for another scheme, whose name is of any case. One blank or more stand
// between the two (RFC 9110, 11.1 and 11.4).
std::optional<std::string_view> bearer_in(std::string_view authorization) {
  const auto named = authorization.substr(0, authorization.find(' '));
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  if (named.size() == authorization.size() || !std::ranges::equal(named, scheme, {}, lower)) return std::nullopt;
  const auto token = std::min(authorization.find_first_not_of(' ', named.size()), authorization.size());
  return authorization.substr(token);
}

struct Cookie {
  int count = 0;
  std::string_view value;
};

// The session's cookie in a Cookie header. Two of them are one too many: a neighbouring host may have set the other.
Cookie find_cookie(std::string_view header) {
  Cookie found;
  while (!header.empty()) {
    const auto end = std::min(header.find(';'), header.size());
    auto pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != session_cookie) continue;
    ++found.count;
    found.value = pair.substr(equals + 1);
  }
  return found;
}

bool equal(std::string_view a, std::string_view b) {
  return crypto::equal_constant_time({reinterpret_cast<const std::uint8_t*>(a.data()), a.size()},
                                     {reinterpret_cast<const std::uint8_t*>(b.data()), b.size()});
}

bool changes_nothing(std::string_view method) { return method == "GET" || method == "HEAD"; }

}  // namespace

Refusal Authenticator::failed(std::string_view address, std::string_view detail) {
  const auto wait = failures_.note(std::string(address));
  if (wait.count() > 0) return {Refusal::Kind::too_many, "Too many failed attempts to sign in from this address", wait};
  return {Refusal::Kind::unauthenticated, detail, {}};
}

std::variant<Caller, Refusal> Authenticator::bearer(std::string_view token, std::string_view address) {
  if (is_token_shaped(token)) {
    const TokenHash hash = hash_token(token);
    if (const auto record = tokens_.find_valid(hash))
      return Caller{identity_of(*record), record->expires_at, hash, std::nullopt, {}, false};
  } else if (is_session_shaped(token)) {
    if (auto caller = sessions_.find(token, Sessions::Way::bearer)) return std::move(*caller);
  } else {
    auto judged = jwts_.verify(token);
    if (auto* caller = std::get_if<Caller>(&judged)) return std::move(*caller);
  }
  return failed(address, "The token is unknown, expired or revoked");
}

std::variant<Caller, Refusal> Authenticator::limited(Caller caller) {
  const auto& identity = caller.identity;
  const std::string key =
      std::string(to_string(identity.actor_kind)) + ":" + identity.tenant.str() + ":" + identity.actor_id;
  const auto wait = requests_.take(key, clock_.mono_now());
  if (wait.count() > 0) return Refusal{Refusal::Kind::too_many, "Too many requests of this token or user", wait};
  return caller;
}

std::variant<Caller, Refusal> Authenticator::authenticate(const Presented& presented) {
  if (!presented.authorization.empty()) {
    const auto token = bearer_in(presented.authorization);
    if (!token) return failed(presented.address, not_a_bearer);
    auto verified = bearer(*token, presented.address);
    auto* caller = std::get_if<Caller>(&verified);
    return caller == nullptr ? verified : limited(std::move(*caller));
  }
  const auto cookie = find_cookie(presented.cookie);
  if (cookie.count == 0)
    return Refusal{Refusal::Kind::unauthenticated, "Send an API token as 'Authorization: Bearer …', or sign in", {}};
  auto caller = cookie.count == 1 ? sessions_.find(cookie.value, Sessions::Way::cookie) : std::nullopt;
  if (!caller) return failed(presented.address, "The session is unknown or over; sign in again");
  if (!changes_nothing(presented.method) && !equal(presented.csrf_token, caller->csrf_token))
    return Refusal{Refusal::Kind::csrf, "Send the session's csrf_token as X-CSRF-Token", {}};
  return limited(std::move(*caller));
}

std::variant<Sessions::Opened, Refusal> Authenticator::sign_in(const Presented& presented, std::string_view token) {
  if (!presented.authorization.empty()) {
    const auto named = bearer_in(presented.authorization);
    if (!named) return failed(presented.address, not_a_bearer);
    token = *named;
  }
  if (is_portal_link_shaped(token)) {
    if (auto opened = sessions_.open_by_link(token)) return std::move(*opened);
    return failed(presented.address, "The link is unknown, expired, used or withdrawn; ask for a new one");
  }
  auto verified = bearer(token, presented.address);
  // A session begins no other one: that would have a cookie, and could issue what outlives the link.
  if (const auto* caller = std::get_if<Caller>(&verified); caller != nullptr && caller->session)
    return failed(presented.address, "A session is nothing to sign in with");
  if (auto* caller = std::get_if<Caller>(&verified)) verified = limited(std::move(*caller));
  if (const auto* refusal = std::get_if<Refusal>(&verified)) return *refusal;
  return sessions_.open(std::get<Caller>(verified));
}

}  // namespace opi::identity
