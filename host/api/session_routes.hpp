#pragma once
#include "api/route_table.hpp"
#include "identity/authenticator.hpp"

namespace opi::api {

// POST /api/v1/session exchanges a bearer (the Authorization header, or {"token": "…"}) for a session cookie, and the
// token of a portal link for a session that its page sends as a bearer; GET says
// who the caller is; DELETE signs out. `secure_cookie`: the cookie travels over TLS only.
void add_session_routes(RouteTable& routes, identity::Authenticator& authenticator, bool secure_cookie);

}  // namespace opi::api
