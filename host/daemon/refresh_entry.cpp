#include "daemon/refresh_entry.hpp"

#include <boost/json/serialize.hpp>

#include "domain/role.hpp"

namespace opi::daemon {

audit::Entry refresh_entry(const node::RefreshRequest& request, const secrets::SecretBroker::Refreshed& refreshed,
                           UnixTime at) {
  audit::Entry entry;
  entry.tenant = audit::system_tenant();
  entry.at = at;
  entry.actor_id = request.by;
  entry.actor_role = to_string(Role::system_admin);
  entry.action = audit::Action::secrets_refreshed;
  entry.target = request.scope.destination         ? "destination:" + request.scope.destination->to_string()
                 : request.scope.reference.empty() ? "secrets:all"
                                                   : "secrets:one";
  entry.details = boost::json::serialize(node::document_of(refreshed));
  return entry;
}

}  // namespace opi::daemon
