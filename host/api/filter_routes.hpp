#pragma once
#include "api/route_table.hpp"
#include "delivery/delivery_query.hpp"

namespace opi::api {

// POST /api/v1/filters:preview. For those who manage destinations: whoever may filter by a payload may learn what
// stands in it, question by question.
void add_filter_routes(RouteTable& routes, delivery::DeliveryQuery& store);

}  // namespace opi::api
