#pragma once
#include "administration/tenants.hpp"
#include "api/route_table.hpp"

namespace opi::api {

// GET and POST /api/v1/tenants, GET and PUT /api/v1/tenants/{id}: of the installation, without X-Tenant-Id.
void add_tenant_routes(RouteTable& routes, administration::Tenants& tenants, administration::CatalogEditor& editor);

}  // namespace opi::api
