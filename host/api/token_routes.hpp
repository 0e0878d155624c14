#pragma once
#include "api/route_table.hpp"
#include "identity/authenticator.hpp"

namespace opi::api {

// GET and POST /api/v1/tokens, DELETE /api/v1/tokens/{prefix}: the tenant's API tokens. A system administrator who
// names the tenant "_system" handles those of system administrators. Everything outlives the routes.
void add_token_routes(RouteTable& routes, identity::TokenStore& tokens, identity::Authenticator& authenticator,
                      const Clock& clock, Random& random);

}  // namespace opi::api
