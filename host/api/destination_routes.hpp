#pragma once
#include "administration/credential_check.hpp"
#include "administration/destination_removal.hpp"
#include "administration/destinations.hpp"
#include "administration/test_events.hpp"
#include "api/destination_runtime.hpp"
#include "api/route_table.hpp"

namespace opi::api {

// GET (filters enabled, adapter, q; cursor, limit) and POST /api/v1/destinations; GET, PUT and DELETE
// /api/v1/destinations/{id} (DELETE: cancel_waiting); POST /api/v1/destinations/{id}:enable, :disable and :test
// (wait_ms).
void add_destination_routes(RouteTable& routes, administration::Destinations& destinations,
                            administration::DestinationRemoval& removal, administration::TestEvents& test_events,
                            administration::CredentialCheck& credentials, administration::CatalogEditor& editor,
                            DestinationRuntime runtime);

}  // namespace opi::api
