#pragma once
#include "api/route_table.hpp"
#include "domain/clock.hpp"
#include "identity/session_store.hpp"

namespace opi::api {

// POST /api/v1/portal-links: a one-time address of the console for somebody who has no token, such as a customer inside
// the platform's own page.
void add_portal_link_routes(RouteTable& routes, identity::SessionStore& sessions, const Clock& clock, Random& random);

}  // namespace opi::api
