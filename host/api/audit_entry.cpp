#include "api/audit_entry.hpp"

#include <boost/json/serialize.hpp>

namespace opi::api {

audit::Entry audit_entry(const Request& request, UnixTime at, audit::Action action, std::string target,
                         const boost::json::object& details) {
  audit::Entry entry;
  entry.tenant = request.tenant.empty() ? audit::system_tenant() : request.tenant;
  entry.at = at;
  entry.actor_kind = request.identity.actor_kind;
  entry.actor_id = request.identity.actor_id;
  entry.actor_role = to_string(request.identity.role);
  entry.action = action;
  entry.target = std::move(target);
  if (!details.empty()) entry.details = boost::json::serialize(details);
  return entry;
}

}  // namespace opi::api
