#include "api/status_routes.hpp"

#include "api/problem.hpp"

namespace opi::api {

void add_status_routes(RouteTable& routes, const telemetry::Metrics& metrics, Readiness readiness) {
  routes.add({"GET", "/healthz", std::nullopt, [](const Request&) {
                return Response{200, "application/json", R"({"status":"ok"})", {}};
              }});
  routes.add({"GET", "/readyz", std::nullopt, [readiness = std::move(readiness)](const Request&) {
                if (auto reason = readiness(); !reason.empty()) return to_response(unavailable(std::move(reason), 5));
                return Response{200, "application/json", R"({"status":"ready"})", {}};
              }});
  routes.add({"GET", "/metrics", std::nullopt, [&metrics](const Request&) {
                return Response{200, "text/plain; version=0.0.4; charset=utf-8", metrics.exposition(), {}};
              }});
}

}  // namespace opi::api
