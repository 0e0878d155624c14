#include "identity/sessions.hpp"

#include <algorithm>

#include "crypto/digest.hpp"
#include "identity/portal_link.hpp"

namespace opi::identity {
namespace {

constexpr std::size_t entropy_bytes = 32;
constexpr std::size_t secret_length = 43;  // base64url of 32 bytes, unpadded
constexpr std::size_t shown_hash_bytes = 8;
constexpr std::string_view link_actor = "portal/";  // before a link's subject, whom no identity provider vouched for

struct Forgetting {
  Recollection<SessionRecord>& recollection;
  ~Forgetting() { recollection.forget(); }
};

std::string new_secret(Random& random) {
  std::array<std::uint8_t, entropy_bytes> entropy;
  random.fill(entropy);
  return crypto::to_base64url(entropy);
}

}  // namespace

std::string csrf_token_of(std::string_view session_secret) {
  return crypto::to_base64url(crypto::hmac_sha256(
      {reinterpret_cast<const std::uint8_t*>(session_secret.data()), session_secret.size()}, "opi.csrf.v1"));
}

bool is_session_shaped(std::string_view text) {
  return text.size() == secret_length &&
         std::ranges::all_of(text, [](char c) { return ascii_alphanumeric(c) || c == '-' || c == '_'; });
}

// Names the session by some of its hash, which leads neither to the secret nor to the row of another.
audit::Entry Sessions::entry(const Identity& identity, audit::Action action, const SessionHash& hash) const {
  audit::Entry entry;
  entry.tenant = identity.tenant.empty() ? audit::system_tenant() : identity.tenant;
  entry.at = clock_.unix_now();
  entry.actor_kind = identity.actor_kind;
  entry.actor_id = identity.actor_id;
  entry.actor_role = to_string(identity.role);
  entry.action = action;
  entry.target = "session:" + crypto::to_hex({hash.data(), shown_hash_bytes});
  return entry;
}

Sessions::Opened Sessions::open(const Caller& bearer) {
  Opened opened{new_secret(random_), {}};
  SessionRecord record;
  record.hash = crypto::sha256(opened.secret);
  record.tenant = bearer.identity.tenant;
  record.role = bearer.identity.role;
  record.actor_kind = bearer.identity.actor_kind;
  record.actor_id = bearer.identity.actor_id;
  record.token = bearer.token;
  record.created_at = clock_.unix_now();
  record.expires_at = record.created_at + options_.lifetime;
  if (bearer.expires_at) record.expires_at = std::min(record.expires_at, *bearer.expires_at);
  store_.insert(record, entry(bearer.identity, audit::Action::signed_in, record.hash));
  opened.caller = {bearer.identity, record.expires_at, record.token, record.hash, csrf_token_of(opened.secret), false};
  return opened;
}

std::optional<Sessions::Opened> Sessions::open_by_link(std::string_view token) {
  const auto link = store_.find_link(hash_portal_link(token));
  const UnixTime now = clock_.unix_now();
  if (!link || link->expires_at <= now) return std::nullopt;
  if (link->token && !tokens_.find_valid(*link->token)) return std::nullopt;
  Opened opened{new_secret(random_), {}};
  SessionRecord record;
  record.hash = crypto::sha256(opened.secret);
  record.tenant = link->tenant;
  record.role = link->role;
  record.actor_kind = audit::ActorKind::user;
  record.actor_id = std::string(link_actor) + link->subject;
  record.token = link->token;
  record.created_at = now;
  record.expires_at = now + link->session_lifetime;
  if (link->session_until) record.expires_at = std::min(record.expires_at, *link->session_until);
  record.by_link = true;
  const Identity identity{record.role, record.tenant, record.actor_kind, record.actor_id};
  if (!store_.insert_by_link(link->hash, record, entry(identity, audit::Action::signed_in, record.hash)))
    return std::nullopt;
  opened.caller = {identity, record.expires_at, record.token, record.hash, {}, true};
  return opened;
}

std::optional<Caller> Sessions::find(std::string_view secret, Way way) {
  if (!is_session_shaped(secret)) return std::nullopt;
  const SessionHash hash = crypto::sha256(secret);
  const auto record = recollection_.get(hash, clock_.mono_now(), [&] { return store_.find(hash); });
  if (!record || record->revoked_at || record->expires_at <= clock_.unix_now()) return std::nullopt;
  if (record->by_link != (way == Way::bearer)) return std::nullopt;
  if (record->token && !tokens_.find_valid(*record->token)) return std::nullopt;
  return Caller{{record->role, record->tenant, record->actor_kind, record->actor_id},
                record->expires_at,
                record->token,
                hash,
                record->by_link ? std::string{} : csrf_token_of(secret),
                record->by_link};
}

bool Sessions::close(const Caller& caller) {
  if (!caller.session) return false;
  // However it ends: the revocation may have been made although its answer was lost.
  const Forgetting forgetting{recollection_};
  return store_.revoke(*caller.session, clock_.unix_now(),
                       entry(caller.identity, audit::Action::signed_out, *caller.session));
}

}  // namespace opi::identity
