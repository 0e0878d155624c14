#pragma once
#include <functional>

#include "api/destination_runtime.hpp"
#include "api/route_table.hpp"
#include "audit/audit_log.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_query.hpp"
#include "delivery/event_query.hpp"

namespace opi::api {

// Whether what a tenant's events say may be read at all.
using PayloadsOpen = std::function<bool(const TenantId&)>;

// What producers handed in, and what became of it. Borrows its arguments, but for `runtime` and `open`.
void add_published_event_routes(RouteTable& routes, delivery::EventQuery& events, delivery::DeliveryQuery& deliveries,
                                delivery::CatalogCache& catalog, audit::AuditLog& log, DestinationRuntime runtime,
                                const Clock& clock, PayloadsOpen open);

}  // namespace opi::api
