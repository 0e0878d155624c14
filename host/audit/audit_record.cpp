#include "audit/audit_record.hpp"

#include <array>

namespace opi::audit {
namespace {

struct ActionName {
  Action action;
  std::string_view name;
};
constexpr std::array action_names{
    ActionName{Action::delivery_delivered, "delivery.delivered"},
    ActionName{Action::delivery_failed, "delivery.failed"},
    ActionName{Action::delivery_dead_lettered, "delivery.dead_lettered"},
    ActionName{Action::delivery_cancelled, "delivery.cancelled"},
    ActionName{Action::delivery_retried, "delivery.retried"},
    ActionName{Action::delivery_resent, "delivery.resent"},
    ActionName{Action::operation_started, "operation.started"},
    ActionName{Action::operation_cancelled, "operation.cancelled"},
    ActionName{Action::dead_letter_replayed, "dead_letter.replayed"},
    ActionName{Action::dead_letter_discarded, "dead_letter.discarded"},
    ActionName{Action::destination_created, "destination.created"},
    ActionName{Action::destination_changed, "destination.changed"},
    ActionName{Action::destination_enabled, "destination.enabled"},
    ActionName{Action::destination_disabled, "destination.disabled"},
    ActionName{Action::destination_deleted, "destination.deleted"},
    ActionName{Action::destination_tested, "destination.tested"},
    ActionName{Action::destination_held, "destination.held"},
    ActionName{Action::destination_resumed, "destination.resumed"},
    ActionName{Action::credential_set, "credential.set"},
    ActionName{Action::credential_rotated, "credential.rotated"},
    ActionName{Action::credential_revoked, "credential.revoked"},
    ActionName{Action::credential_failed, "credential.failed"},
    ActionName{Action::policy_changed, "policy.changed"},
    ActionName{Action::alert_rules_changed, "alert_rules.changed"},
    ActionName{Action::tenant_created, "tenant.created"},
    ActionName{Action::tenant_changed, "tenant.changed"},
    ActionName{Action::token_issued, "token.issued"},
    ActionName{Action::token_revoked, "token.revoked"},
    ActionName{Action::portal_link_issued, "portal_link.issued"},
    ActionName{Action::signed_in, "session.signed_in"},
    ActionName{Action::sign_in_failed, "session.sign_in_failed"},
    ActionName{Action::signed_out, "session.signed_out"},
    ActionName{Action::audit_exported, "audit.exported"},
    ActionName{Action::audit_checkpoint, "audit.checkpoint"},
    ActionName{Action::plugin_loaded, "plugin.loaded"},
    ActionName{Action::plugin_refused, "plugin.refused"},
    ActionName{Action::plugin_quarantined, "plugin.quarantined"},
    ActionName{Action::plugin_retired, "plugin.retired"},
    ActionName{Action::secrets_refreshed, "secrets.refreshed"},
    ActionName{Action::payload_read, "payload.read"},
};

}  // namespace

std::string_view to_string(Action action) {
  for (const auto& row : action_names)
    if (row.action == action) return row.name;
  return "unknown";
}

std::optional<Action> parse_action(std::string_view text) {
  for (const auto& row : action_names)
    if (row.name == text) return row.action;
  return std::nullopt;
}

std::string_view to_string(ActorKind kind) {
  switch (kind) {
    case ActorKind::system: return "system";
    case ActorKind::token: return "token";
    case ActorKind::user: return "user";
    case ActorKind::unknown: break;
  }
  return "unknown";
}

std::optional<ActorKind> parse_actor_kind(std::string_view text) {
  for (const auto kind : {ActorKind::system, ActorKind::token, ActorKind::user})
    if (to_string(kind) == text) return kind;
  return std::nullopt;
}

TenantId system_tenant() { return *TenantId::parse("_system"); }

}  // namespace opi::audit
