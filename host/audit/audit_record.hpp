#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/clock.hpp"
#include "domain/ids.hpp"

namespace opi::audit {

// The closed list of what is audited.
enum class Action {
  delivery_delivered,
  delivery_failed,
  delivery_dead_lettered,
  delivery_cancelled,
  delivery_retried,  // made due at once
  delivery_resent,
  operation_started,
  operation_cancelled,
  dead_letter_replayed,
  dead_letter_discarded,
  destination_created,
  destination_changed,
  destination_enabled,
  destination_disabled,
  destination_deleted,
  destination_tested,
  destination_held,     // nothing goes to it, for a cause that no person's record tells
  destination_resumed,  // that has ended
  credential_set,
  credential_rotated,
  credential_revoked,
  credential_failed,  // a use that could not be resolved or was refused
  policy_changed,
  alert_rules_changed,
  tenant_created,
  tenant_changed,
  token_issued,
  token_revoked,
  portal_link_issued,
  signed_in,
  sign_in_failed,
  signed_out,
  audit_exported,
  audit_checkpoint,  // see trail_checkpoint.hpp
  plugin_loaded,
  plugin_refused,
  plugin_quarantined,
  plugin_retired,
  secrets_refreshed,
  payload_read,
  unknown,  // of a stored record, whose action no list of ours has; never parsed and never written
};

std::string_view to_string(Action action);  // such as "delivery.dead_lettered"
std::optional<Action> parse_action(std::string_view text);

enum class ActorKind {
  system,   // the daemon itself or its command line
  token,    // whoever holds the API token, named by its prefix
  user,     // a subject that an identity provider vouched for
  unknown,  // as Action::unknown
};
std::string_view to_string(ActorKind kind);
std::optional<ActorKind> parse_actor_kind(std::string_view text);

// What happened. Every text is redacted before it comes here.
struct Entry {
  TenantId tenant;
  UnixTime at{};
  ActorKind actor_kind = ActorKind::system;
  std::string actor_id;
  std::string actor_role;
  Action action{};
  std::string target;  // "<kind>:<id>", such as "delivery:018f…"
  std::string correlation_id;
  std::string details;  // JSON object, or empty
};

// Under which records of the installation itself stand; no customer.
TenantId system_tenant();

using Digest = std::array<std::uint8_t, 32>;

// The place of an entry in its tenant's hash chain.
struct Link {
  std::int64_t sequence = 0;  // 1 for the tenant's first entry
  Digest previous{};
  Digest hash{};
};

struct Record {
  Entry entry;
  Link link;
};

}  // namespace opi::audit
