#include "identity/token.hpp"

#include <algorithm>

#include "crypto/digest.hpp"

namespace opi::identity {
namespace {

constexpr std::string_view token_prefix = "opi_";
constexpr std::size_t entropy_bytes = 32;
constexpr std::size_t token_length = 4 + 43;  // base64url of 32 bytes, unpadded
constexpr std::size_t shown_characters = 12;  // 48 bits of entropy are shown, 208 stay secret

}  // namespace

IssuedToken issue_token(Role role, const TenantId& tenant, std::string label, UnixTime now,
                        std::optional<UnixTime> expires_at, Random& random) {
  std::array<std::uint8_t, entropy_bytes> entropy;
  random.fill(entropy);
  IssuedToken issued;
  issued.text = std::string(token_prefix) + crypto::to_base64url(entropy);
  issued.record.prefix = issued.text.substr(0, shown_characters);
  issued.record.hash = hash_token(issued.text);
  issued.record.tenant = tenant;
  issued.record.role = role;
  issued.record.label = std::move(label);
  issued.record.created_at = now;
  issued.record.expires_at = expires_at;
  return issued;
}

TokenHash hash_token(std::string_view text) { return crypto::sha256(text); }

bool is_token_shaped(std::string_view text) {
  return text.size() == token_length && text.starts_with(token_prefix) &&
         std::ranges::all_of(text, [](char c) { return ascii_alphanumeric(c) || c == '-' || c == '_'; });
}

Identity identity_of(const TokenRecord& token) {
  return {token.role, token.tenant, audit::ActorKind::token, token.prefix};
}

std::optional<TokenRecord> TokenVerifier::find_valid(const TokenHash& hash) {
  auto record = recollection_.get(hash, clock_.mono_now(), [&] { return store_.find(hash); });
  if (!record || record->revoked_at || (record->expires_at && *record->expires_at <= clock_.unix_now()))
    return std::nullopt;
  return record;
}

std::optional<Identity> TokenVerifier::verify(std::string_view token) {
  if (!is_token_shaped(token)) return std::nullopt;
  const auto record = find_valid(hash_token(token));
  return record ? std::optional{identity_of(*record)} : std::nullopt;
}

}  // namespace opi::identity
