#pragma once
#include "api/console_assets.hpp"
#include "api/route_table.hpp"

namespace opi::api {

// The console page below /console/, open to anyone: what it shows comes from the API, which asks who is there. Views of
// the page are paths below /console/integrations and answer index.html. 404 with the reason if there are no `assets`,
// which outlive the routes. `behind_tls`: browsers are told to come over TLS only.
// `frame_ancestors`: origins whose pages may show it inside their own.
void add_console_routes(RouteTable& routes, const ConsoleAssets& assets, bool behind_tls,
                        const std::vector<std::string>& frame_ancestors);

}  // namespace opi::api
