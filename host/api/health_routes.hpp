#pragma once
#include "api/destination_runtime.hpp"
#include "api/route_table.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_health.hpp"

namespace opi::api {

// GET /api/v1/delivery-health?from=&to=: totals, one row a destination, and a series for a chart.
void add_health_routes(RouteTable& routes, delivery::HealthQuery& health, delivery::CatalogCache& catalog,
                       DestinationRuntime runtime, const Clock& clock);

}  // namespace opi::api
