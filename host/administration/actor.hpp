#pragma once
#include <boost/json/object.hpp>
#include <string>

#include "audit/audit_record.hpp"
#include "domain/role.hpp"
#include "identity/token.hpp"

namespace opi::administration {

// Who asks for a change, as the audit trail will name him.
struct Actor {
  audit::ActorKind kind = audit::ActorKind::system;
  std::string id;
  std::string role;  // empty for parts of the host itself

  [[nodiscard]] bool is_of_the_system() const { return role.empty() || role == to_string(Role::system_admin); }
};

Actor actor_of(const identity::Identity& identity);

// `details` name what changed and never hold an endpoint or a reference.
audit::Entry entry_of(const Actor& actor, const TenantId& tenant, audit::Action action, std::string target,
                      const boost::json::object& details, UnixTime now);

}  // namespace opi::administration
