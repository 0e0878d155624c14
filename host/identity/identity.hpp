#pragma once
#include <optional>
#include <string>

#include "identity/session_store.hpp"
#include "identity/token_store.hpp"

namespace opi::identity {

// Who asks.
struct Identity {
  Role role = Role::auditor;
  TenantId tenant;  // empty for system_admin, who names a tenant with each request
  audit::ActorKind actor_kind = audit::ActorKind::token;
  std::string actor_id;  // the token's prefix, or the subject that an identity provider vouched for

  // As the producer of an event is called: "token:opi_1a2b".
  [[nodiscard]] std::string producer() const { return std::string(audit::to_string(actor_kind)) + ":" + actor_id; }
};

// An identity with what it rests on.
struct Caller {
  Identity identity;
  std::optional<UnixTime> expires_at;  // nullopt: never
  std::optional<TokenHash> token;      // the API token, directly or behind the session
  std::optional<SessionHash> session;  // of those who came with a cookie
  std::string csrf_token;              // theirs; empty for bearers
  bool by_link = false;                // its session began with a portal link, and comes as a bearer
};

}  // namespace opi::identity
