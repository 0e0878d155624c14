#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace opi {

enum class Role { producer, auditor, operator_, tenant_admin, system_admin };

// What a caller of the API may be allowed to do.
enum class Action {
  publish_events,
  read_deliveries,    // deliveries, attempts, health, dead letters, delivery events
  read_destinations,  // destinations, credentials' posture, policy, adapters
  read_audit,
  handle_deliveries,    // cancel, retry now, send again; replay and discard dead letters
  manage_destinations,  // create, change, enable, disable, delete, send a test event
  manage_credentials,
  manage_policy,
  manage_tokens,   // of the own tenant
  manage_tenants,  // of the installation
  read_payloads,   // what events say, of tenants that are open for it
};

inline constexpr std::array all_roles{Role::producer, Role::auditor, Role::operator_, Role::tenant_admin,
                                      Role::system_admin};

constexpr std::string_view to_string(Role role) {
  switch (role) {
    case Role::producer: return "producer";
    case Role::auditor: return "auditor";
    case Role::operator_: return "operator";
    case Role::tenant_admin: return "tenant_admin";
    case Role::system_admin: return "system_admin";
  }
  return "";
}
constexpr std::optional<Role> parse_role(std::string_view text) {
  for (const auto role : all_roles)
    if (to_string(role) == text) return role;
  return std::nullopt;
}

inline constexpr std::array all_actions{
    Action::publish_events,    Action::read_deliveries,     Action::read_destinations,  Action::read_audit,
    Action::handle_deliveries, Action::manage_destinations, Action::manage_credentials, Action::manage_policy,
    Action::manage_tokens,     Action::manage_tenants,      Action::read_payloads,
};

constexpr std::string_view to_string(Action action) {
  switch (action) {
    case Action::publish_events: return "publish_events";
    case Action::read_deliveries: return "read_deliveries";
    case Action::read_destinations: return "read_destinations";
    case Action::read_audit: return "read_audit";
    case Action::handle_deliveries: return "handle_deliveries";
    case Action::manage_destinations: return "manage_destinations";
    case Action::manage_credentials: return "manage_credentials";
    case Action::manage_policy: return "manage_policy";
    case Action::manage_tokens: return "manage_tokens";
    case Action::manage_tenants: return "manage_tenants";
    case Action::read_payloads: return "read_payloads";
  }
  return "";
}

// The permission table: a row a role, a column an action in the order of all_actions. system_admin acts only
// inside a tenant it names.
inline constexpr bool permissions[all_roles.size()][all_actions.size()] = {
    /* producer     */ {true, false, false, false, false, false, false, false, false, false, false},
    /* auditor      */ {false, true, true, true, false, false, false, false, false, false, false},
    /* operator     */ {false, true, true, true, true, false, false, false, false, false, true},
    /* tenant_admin */ {false, true, true, true, true, true, true, true, true, false, true},
    /* system_admin */ {true, true, true, true, true, true, true, true, true, true, true},
};

constexpr bool may(Role role, Action action) {
  return permissions[static_cast<std::size_t>(role)][static_cast<std::size_t>(action)];
}

}  // namespace opi
