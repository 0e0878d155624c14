#include "administration/actor.hpp"

#include <boost/json/serialize.hpp>

namespace opi::administration {

Actor actor_of(const identity::Identity& identity) {
  return {identity.actor_kind, identity.actor_id, std::string(to_string(identity.role))};
}

audit::Entry entry_of(const Actor& actor, const TenantId& tenant, audit::Action action, std::string target,
                      const boost::json::object& details, UnixTime now) {
  audit::Entry entry;
  entry.tenant = tenant;
  entry.at = now;
  entry.actor_kind = actor.kind;
  entry.actor_id = actor.id;
  entry.actor_role = actor.role;
  entry.action = action;
  entry.target = std::move(target);
  if (!details.empty()) entry.details = boost::json::serialize(details);
  return entry;
}

}  // namespace opi::administration
