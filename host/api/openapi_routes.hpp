#pragma once
#include <string_view>

#include "api/route_table.hpp"

namespace opi::api {

// The OpenAPI document of this build, host/api/openapi.json.
std::string_view openapi_document();

// GET /api/v1/openapi.json, for anybody: whoever writes a client has no token yet.
void add_openapi_routes(RouteTable& routes);

}  // namespace opi::api
