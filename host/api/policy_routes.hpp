#pragma once
#include "administration/policies.hpp"
#include "api/route_table.hpp"

namespace opi::api {

// GET and PUT /api/v1/policy (the tenant's own); GET, PUT and DELETE /api/v1/destinations/{id}/policy (the override).
void add_policy_routes(RouteTable& routes, administration::Policies& policies, administration::CatalogEditor& editor);

}  // namespace opi::api
