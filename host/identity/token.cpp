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

std::optional<Identity> TokenVerifier::verify(std::string_view token) {
  if (!is_token_shaped(token)) return std::nullopt;
  const TokenHash hash = hash_token(token);
  const MonoTime now = clock_.mono_now();
  std::optional<TokenRecord> record;
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(hash); found != known_.end() && now < found->second.until) {
      record = found->second.record;
      known = true;
    }
  }
  if (!known) {
    record = store_.find(hash);
    const std::lock_guard lock(mutex_);
    if (known_.size() >= options_.cache_size) known_.clear();
    known_[hash] = {record, now + options_.cache_ttl};
  }
  const UnixTime today = clock_.unix_now();
  if (!record || record->revoked_at || (record->expires_at && *record->expires_at <= today)) return std::nullopt;
  return Identity{record->role, record->tenant, audit::ActorKind::token, record->prefix};
}

}  // namespace opi::identity
