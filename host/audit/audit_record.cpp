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
    ActionName{Action::destination_created, "destination.created"},
    ActionName{Action::destination_changed, "destination.changed"},
    ActionName{Action::destination_disabled, "destination.disabled"},
    ActionName{Action::credential_set, "credential.set"},
    ActionName{Action::policy_changed, "policy.changed"},
    ActionName{Action::tenant_created, "tenant.created"},
    ActionName{Action::token_issued, "token.issued"},
    ActionName{Action::plugin_loaded, "plugin.loaded"},
    ActionName{Action::plugin_refused, "plugin.refused"},
    ActionName{Action::plugin_quarantined, "plugin.quarantined"},
};

}  // namespace

std::string_view to_string(Action action) {
  for (const auto& row : action_names)
    if (row.action == action) return row.name;
  return "";
}

std::optional<Action> parse_action(std::string_view text) {
  for (const auto& row : action_names)
    if (row.name == text) return row.action;
  return std::nullopt;
}

std::string_view to_string(ActorKind kind) { return kind == ActorKind::system ? "system" : "token"; }

std::optional<ActorKind> parse_actor_kind(std::string_view text) {
  if (text == "system") return ActorKind::system;
  if (text == "token") return ActorKind::token;
  return std::nullopt;
}

}  // namespace opi::audit
