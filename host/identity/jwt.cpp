#include "identity/jwt.hpp"

#include <Poco/Crypto/ECKey.h>
#include <Poco/Crypto/RSAKey.h>
#include <Poco/Exception.h>
#include <Poco/JWT/Signer.h>
#include <Poco/JWT/Token.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <optional>
#include <sstream>

#include "crypto/digest.hpp"
#include "domain/text_controls.hpp"

namespace opi::identity {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 8;
constexpr std::size_t es256_signature_bytes = 64;
constexpr double max_numeric_date = 253'402'300'799.0;  // the end of the year 9999

// Thrown and caught in this file alone: a chain of checks reads better without their plumbing.
struct Refused {
  std::string_view why;
};
void need(bool holds, std::string_view why) {
  if (!holds) throw Refused{why};
}

struct Parts {
  json::object header, claims;
  std::size_t signature_bytes = 0;
};

json::object object_of(std::string_view encoded, std::string_view why) {
  const auto bytes = crypto::from_base64url(encoded);
  need(bytes.has_value() && !bytes->empty(), why);
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code failure;
  auto value = json::parse({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, failure, {}, options);
  need(!failure && value.is_object(), why);
  return std::move(value.get_object());
}

Parts parts_of(std::string_view token) {
  need(token.size() <= JwtLimits::token_bytes, "it is too long");
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  need(second != std::string_view::npos && token.find('.', second + 1) == std::string_view::npos,
       "it has not three parts");
  Parts parts;
  parts.header = object_of(token.substr(0, first), "its header is not a JSON object in base64url");
  parts.claims =
      object_of(token.substr(first + 1, second - first - 1), "its claims are not a JSON object in base64url");
  const auto signature = crypto::from_base64url(token.substr(second + 1));
  need(signature.has_value() && !signature->empty(), "its signature is not base64url");
  parts.signature_bytes = signature->size();
  return parts;
}

// nullopt if absent; refused if of another type.
std::optional<std::string> text(const json::object& object, std::string_view name, std::string_view why) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  need(value->is_string(), why);
  return std::string(value->get_string().data(), value->get_string().size());
}

std::optional<UnixTime> time(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  json::error_code failure;
  const double seconds = value->is_number() ? value->to_number<double>(failure) : -1;
  need(!failure && seconds >= 0 && seconds <= max_numeric_date, "a time in it is not a NumericDate");
  return UnixTime{std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)}};
}

const JwtKey& key_for(const json::object& header, const std::vector<JwtKey>& keys) {
  const auto id = text(header, "kid", "its key id is not a string");
  if (!id) {
    need(keys.size() == 1, "it names no key, and there is not exactly one");
    return keys.front();
  }
  const auto found = std::ranges::find(keys, *id, &JwtKey::id);
  need(found != keys.end(), "its key is not known");
  return *found;
}

void check_header(const json::object& header, const JwtKey& key) {
  // RFC 7515, 4.1.11: what is critical and not understood refuses the token; nothing critical is understood here.
  need(!header.contains("crit"), "it has critical header members");
  need(!header.contains("b64"), "its claims are not encoded");
  const auto algorithm = text(header, "alg", "its algorithm is not a string");
  need(algorithm == key.algorithm(), "its algorithm is not that of its key");
}

void check_times(const json::object& claims, UnixTime now) {
  const auto expires = time(claims, "exp"), not_before = time(claims, "nbf"), issued = time(claims, "iat");
  need(expires.has_value(), "it never expires");
  need(now < *expires, "it has expired");
  need(!not_before || *not_before <= now + JwtLimits::leeway, "it is not valid yet");
  need(!issued || *issued <= now + JwtLimits::leeway, "it was issued in the future");
}

void check_parties(const json::object& claims, const JwtRules& rules) {
  need(text(claims, "iss", "its issuer is not a string") == rules.issuer, "it is of another issuer");
  const auto* audience = claims.if_contains("aud");
  need(audience != nullptr, "it names no audience");
  const auto is_ours = [&](const json::value& value) {
    return value.is_string() && value.get_string() == json::string_view(rules.audience.data(), rules.audience.size());
  };
  need(audience->is_array() ? std::ranges::any_of(audience->get_array(), is_ours) : is_ours(*audience),
       "it is for another audience");
}

Identity identity_in(const json::object& claims, const JwtRules& rules) {
  Identity identity;
  identity.actor_kind = audit::ActorKind::user;
  const auto subject = text(claims, "sub", "its subject is not a string");
  need(subject && !subject->empty() && subject->size() <= JwtLimits::subject_bytes,
       "its subject is missing or too long");
  need(!has_controls({subject->data(), subject->size()}), "its subject has control characters");
  identity.actor_id = *subject;
  const auto role = text(claims, rules.role_claim, "its role is not a string");
  const auto known = role ? parse_role(*role) : std::nullopt;
  need(known.has_value(), "its role is missing or unknown");
  identity.role = *known;
  const auto tenant = text(claims, rules.tenant_claim, "its tenant is not a string").value_or("");
  if (identity.role == Role::system_admin) {
    need(tenant.empty(), "it is of a system administrator and names a tenant");
    return identity;
  }
  const auto id = TenantId::parse(tenant);
  need(id && *id != audit::system_tenant(), "its tenant is missing or not a tenant id");
  identity.tenant = *id;
  return identity;
}

}  // namespace

struct JwtKey::Signer {
  Poco::JWT::Signer poco;
};

JwtKey::JwtKey(std::string id, const crypto::PublicKey& key)
    : id_(std::move(id)), kind_(key.kind), signer_(std::make_unique<Signer>()) {
  std::istringstream pem(key.pem);
  if (kind_ == crypto::KeyKind::rsa)
    signer_->poco.setRSAKey(new Poco::Crypto::RSAKey(&pem));
  else
    signer_->poco.setECKey(new Poco::Crypto::ECKey(&pem));
  signer_->poco.setAlgorithms({std::string(algorithm())});
}
JwtKey::~JwtKey() = default;
JwtKey::JwtKey(JwtKey&&) noexcept = default;
JwtKey& JwtKey::operator=(JwtKey&&) noexcept = default;

std::string_view JwtKey::algorithm() const { return kind_ == crypto::KeyKind::rsa ? "RS256" : "ES256"; }

bool JwtKey::verifies(const std::string& token) const {
  try {
    Poco::JWT::Token parsed;
    return signer_->poco.tryVerify(token, parsed);
  } catch (const Poco::Exception&) {
    return false;
  }
}

std::variant<Caller, JwtRefusal> judge_jwt(std::string_view token, const std::vector<JwtKey>& keys,
                                           const JwtRules& rules, UnixTime now) {
  try {
    need(!keys.empty(), "no keys are configured");
    const auto [header, claims, signature_bytes] = parts_of(token);
    const auto& key = key_for(header, keys);
    check_header(header, key);
    need(key.algorithm() != "ES256" || signature_bytes == es256_signature_bytes,
         "its signature has not the right size");
    need(key.verifies(std::string(token)), "its signature does not verify");
    check_parties(claims, rules);
    check_times(claims, now);
    Caller caller;
    caller.identity = identity_in(claims, rules);
    caller.expires_at = time(claims, "exp");
    return caller;
  } catch (const Refused& refused) {
    return JwtRefusal{refused.why};
  }
}

}  // namespace opi::identity
