#pragma once
#include <array>
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

// A browser that signed in.
struct SessionRecord {
  SessionHash hash{};
  TenantId tenant;  // empty for system_admin
  Role role = Role::auditor;
  audit::ActorKind actor_kind = audit::ActorKind::token;
  std::string actor_id;            // 1 to 128 bytes
  std::optional<TokenHash> token;  // that it was made from, exactly for ActorKind::token: it ends with that token
  UnixTime created_at{}, expires_at{};
  std::optional<UnixTime> revoked_at;
};

// Thread-safe. Throws StoreUnavailable, CommitInDoubt.
class SessionStore {
 public:
  virtual ~SessionStore() = default;
  virtual std::optional<SessionRecord> find(const SessionHash& hash) = 0;
  // Also removes some sessions that had expired when this one began, so that the table stays small.
  virtual void insert(const SessionRecord& session, const audit::Entry& entry) = 0;
  // False, and no audit record, if there is no such session or it was revoked before.
  virtual bool revoke(const SessionHash& hash, UnixTime now, const audit::Entry& entry) = 0;
};

}  // namespace opi::identity
