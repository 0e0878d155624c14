#pragma once
#include "administration/adapter_directory.hpp"
#include "api/route_table.hpp"

namespace opi::api {

// GET /api/v1/adapters (what is loaded, and what is refused and why) and GET /api/v1/adapters/{id}.
void add_adapter_routes(RouteTable& routes, const administration::AdapterDirectory& adapters);

}  // namespace opi::api
