#pragma once
#include "api/route_table.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/operation.hpp"
#include "delivery/waiting_deliveries.hpp"
#include "domain/clock.hpp"

namespace opi::api {

struct OperationParts {
  delivery::OperationStore& operations;
  delivery::WaitingDeliveries& waiting;  // counts what is to be cancelled
  delivery::DeadLetters& ended;          // and the others
  const Clock& clock;
  Random& random;
};

// Under /api/v1: POST /operations {"kind", "filter", "dry_run": true by default, "reason", "rate_per_second"};
// GET /operations (cursor, limit), GET /operations/{id}, POST /operations/{id}:cancel.
void add_operation_routes(RouteTable& routes, const OperationParts& parts);

}  // namespace opi::api
