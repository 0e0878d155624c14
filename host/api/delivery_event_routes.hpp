#pragma once
#include "api/route_table.hpp"
#include "delivery/delivery_feed.hpp"

namespace opi::api {

// GET /api/v1/delivery-events?cursor=&types=&limit=: the tenant's ticket.delivery.* feed, ascending, in the OneProtect
// envelope.
void add_delivery_event_routes(RouteTable& routes, delivery::DeliveryFeed& feed);

}  // namespace opi::api
