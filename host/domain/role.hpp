#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace opi {

enum class Role { producer, auditor, operator_, tenant_admin, system_admin };

enum class Action { publish_events, read_deliveries };

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

// The permission table. system_admin acts only inside a tenant it names.
constexpr bool may(Role role, Action action) {
  switch (action) {
    case Action::publish_events: return role == Role::producer || role == Role::system_admin;
    case Action::read_deliveries: return role != Role::producer;
  }
  return false;
}

}  // namespace opi
