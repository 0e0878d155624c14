#pragma once
#include "api/route_table.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/intake.hpp"

namespace opi::api {

struct EventLimitsPerRequest {
  static constexpr std::size_t events = 1000;
  static constexpr std::size_t body_bytes = 8 * 1024 * 1024;
};

// POST /api/v1/events: one envelope or an array of them (application/json), or one a line
// (application/x-ndjson). 202 after the commit with "accepted" or "duplicate" per event.
void add_event_routes(RouteTable& routes, delivery::Intake& intake, delivery::CatalogCache& catalog);

}  // namespace opi::api
