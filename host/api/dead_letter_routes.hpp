#pragma once
#include "api/destination_runtime.hpp"
#include "api/route_table.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/delivery_query.hpp"
#include "domain/clock.hpp"

namespace opi::api {

// Under /api/v1: GET /dead-letters (filters of filter_parameters.hpp; cursor, limit) and GET /dead-letters/{id};
// POST /dead-letters/{id}:replay and {id}:discard {"reason"}; POST /dead-letters:replay and :discard
// {"filter": {…}, "dry_run": true by default, "limit"}, the latter with a "reason". POST /deliveries/{id}:resend is the
// replay of what was delivered, or failed.
void add_dead_letter_routes(RouteTable& routes, delivery::DeliveryQuery& deliveries,
                            delivery::DeadLetters& dead_letters, delivery::CatalogCache& catalog,
                            DestinationRuntime runtime, const Clock& clock);

}  // namespace opi::api
