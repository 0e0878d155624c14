#pragma once
#include <functional>
#include <string>

#include "api/route_table.hpp"
#include "telemetry/metrics.hpp"

namespace opi::api {

// Answers an empty string if the daemon can take work, else why not.
using Readiness = std::function<std::string()>;

// GET /healthz (the process answers), /readyz (it can take work), /metrics. Open to everyone who reaches the port.
void add_status_routes(RouteTable& routes, const telemetry::Metrics& metrics, Readiness readiness);

}  // namespace opi::api
