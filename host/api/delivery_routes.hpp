#pragma once
#include "api/route_table.hpp"
#include "delivery/delivery_query.hpp"

namespace opi::api {

// GET /api/v1/deliveries (filters state, destination_id, event_id, correlation_id; cursor, limit),
// GET /api/v1/deliveries/{id} and GET /api/v1/deliveries/{id}/attempts.
void add_delivery_routes(RouteTable& routes, delivery::DeliveryQuery& deliveries);

}  // namespace opi::api
