#pragma once
#include "administration/alert_settings.hpp"
#include "api/route_table.hpp"
#include "delivery/alert_store.hpp"
#include "delivery/catalog_cache.hpp"

namespace opi::api {

// GET /api/v1/alerts?active=&limit=: those that are active, then those that were not long ago. GET and PUT
// /api/v1/alert-rules: the tenant's rules for them.
void add_alert_routes(RouteTable& routes, delivery::AlertStore& alerts, delivery::CatalogCache& catalog,
                      administration::AlertSettings& settings, administration::CatalogEditor& editor);

}  // namespace opi::api
