#pragma once
#include "api/destination_runtime.hpp"
#include "api/route_table.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_query.hpp"

namespace opi::api {

// GET /api/v1/deliveries (filters state, held and those of filter_parameters.hpp; cursor, limit),
// GET /api/v1/deliveries/{id} and GET /api/v1/deliveries/{id}/attempts.
void add_delivery_routes(RouteTable& routes, delivery::DeliveryQuery& deliveries, delivery::CatalogCache& catalog,
                         DestinationRuntime runtime);

}  // namespace opi::api
