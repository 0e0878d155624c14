#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "audit/audit_record.hpp"
#include "domain/clock.hpp"
#include "domain/ids.hpp"
#include "domain/role.hpp"
#include "domain/store_errors.hpp"
#include "identity/token_store.hpp"

namespace opi::identity {

using SessionHash = std::array<std::uint8_t, 32>;  // SHA-256 of the session's secret

using PortalLinkHash = std::array<std::uint8_t, 32>;  // SHA-256 of the link's token

// By which somebody without a token begins one session. It is gone once it was used.
struct PortalLink {
  PortalLinkHash hash{};
  TenantId tenant;
  Role role = Role::auditor;
  std::string subject;             // 1 to 100 bytes
  std::optional<TokenHash> token;  // of its issuer: link and session end with it
  UnixTime expires_at{};
  std::chrono::milliseconds session_lifetime{0};
  std::optional<UnixTime> session_until;  // the session ends then at the latest
};

// A browser that signed in.
struct SessionRecord {
  SessionHash hash{};
  TenantId tenant;  // empty for system_admin
  Role role = Role::auditor;
  audit::ActorKind actor_kind = audit::ActorKind::token;
  std::string actor_id;  // 1 to 128 bytes
  // That it was made from, exactly for ActorKind::token, or that issued its link: it ends with that token.
  std::optional<TokenHash> token;
  UnixTime created_at{}, expires_at{};
  std::optional<UnixTime> revoked_at;
  bool by_link = false;
};

// Thread-safe. Throws StoreUnavailable, CommitInDoubt.
class SessionStore {
 public:
  virtual ~SessionStore() = default;
  virtual std::optional<SessionRecord> find(const SessionHash& hash) = 0;
  // As insert_by_link(), it also removes some sessions and links that had expired when this one began, so that the
  // tables stay small.
  virtual void insert(const SessionRecord& session, const audit::Entry& entry) = 0;
  virtual void insert_link(const PortalLink& link, const audit::Entry& entry) = 0;
  // Also one that has expired.
  virtual std::optional<PortalLink> find_link(const PortalLinkHash& hash) = 0;
  // Uses the link up for the session. False, and nothing is stored, if there is no such link any more.
  virtual bool insert_by_link(const PortalLinkHash& link, const SessionRecord& session, const audit::Entry& entry) = 0;
  // False, and no audit record, if there is no such session or it was revoked before.
  virtual bool revoke(const SessionHash& hash, UnixTime now, const audit::Entry& entry) = 0;
};

}  // namespace opi::identity
