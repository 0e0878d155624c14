#include "api/policy_routes.hpp"

#include "administration/views.hpp"
#include "api/administration_answers.hpp"
#include "api/destination_answer.hpp"

namespace opi::api {
namespace {

struct Parts {
  administration::Policies& policies;
  administration::CatalogEditor& editor;
};

Response answer(const Tenant& tenant) {
  return versioned_answer(administration::view_of(tenant.policy, tenant.policy.applied_to({})), tenant.revision);
}
Response answer(const std::shared_ptr<const Destination>& destination, const Catalog& catalog) {
  return versioned_answer(administration::view_of(destination->policy_override, catalog.policy_of(*destination)),
                          destination->revision);
}

Response show(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto catalog = parts.editor.catalog();
  const auto found = catalog->tenants.find(request.tenant);
  if (found == catalog->tenants.end()) throw ProblemError(not_found());
  return answer(found->second);
}

Response replace(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  require_json(request);
  return answer(done(parts.policies.replace(request.tenant, required_revision(request), request.body,
                                            administration::actor_of(request.identity))));
}

Response show_override(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto found = find_destination(request, parts.editor);
  return answer(found.destination, *found.catalog);
}

Response replace_override(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  require_json(request);
  const auto id = find_destination(request, parts.editor).destination->id;
  const auto changed = done(parts.policies.replace(request.tenant, id, required_revision(request), request.body,
                                                   administration::actor_of(request.identity)));
  return answer(changed, *parts.editor.catalog());
}

Response clear_override(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto changed = done(parts.policies.clear(request.tenant, destination_id_of(request), seen_revision(request),
                                                 administration::actor_of(request.identity)));
  return answer(changed, *parts.editor.catalog());
}

}  // namespace

void add_policy_routes(RouteTable& routes, administration::Policies& policies, administration::CatalogEditor& editor) {
  const Parts parts{policies, editor};
  const auto add = [&](const char* method, const char* pattern, Action action,
                       Response (*handler)(const Request&, const Parts&)) {
    routes.add({method, pattern, action, [parts, handler](const Request& request) { return handler(request, parts); }});
  };
  add("GET", "/api/v1/policy", Action::read_destinations, show);
  add("PUT", "/api/v1/policy", Action::manage_policy, replace);
  add("GET", "/api/v1/destinations/{id}/policy", Action::read_destinations, show_override);
  add("PUT", "/api/v1/destinations/{id}/policy", Action::manage_policy, replace_override);
  add("DELETE", "/api/v1/destinations/{id}/policy", Action::manage_policy, clear_override);
}

}  // namespace opi::api
