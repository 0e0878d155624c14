#pragma once
#include "api/destination_runtime.hpp"
#include "api/route_table.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_query.hpp"
#include "delivery/waiting_deliveries.hpp"
#include "domain/clock.hpp"

namespace opi::api {

// Under /api/v1: POST /deliveries/{id}:cancel {"reason"} and {id}:retry; POST /deliveries:cancel {"filter": {…},
// "dry_run": true by default, "limit", "reason"}.
void add_waiting_delivery_routes(RouteTable& routes, delivery::DeliveryQuery& deliveries,
                                 delivery::WaitingDeliveries& waiting, delivery::CatalogCache& catalog,
                                 DestinationRuntime runtime, const Clock& clock);

}  // namespace opi::api
