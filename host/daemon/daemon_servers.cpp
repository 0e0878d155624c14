// What the daemon serves over HTTP: the API with its console, and the status port.
#include "api/adapter_routes.hpp"
#include "api/alert_routes.hpp"
#include "api/audit_routes.hpp"
#include "api/console_routes.hpp"
#include "api/credential_routes.hpp"
#include "api/dead_letter_routes.hpp"
#include "api/delivery_event_routes.hpp"
#include "api/delivery_routes.hpp"
#include "api/destination_routes.hpp"
#include "api/event_routes.hpp"
#include "api/filter_routes.hpp"
#include "api/health_routes.hpp"
#include "api/openapi_routes.hpp"
#include "api/operation_routes.hpp"
#include "api/policy_routes.hpp"
#include "api/portal_link_routes.hpp"
#include "api/published_event_routes.hpp"
#include "api/session_routes.hpp"
#include "api/status_routes.hpp"
#include "api/tenant_routes.hpp"
#include "api/token_routes.hpp"
#include "api/waiting_delivery_routes.hpp"
#include "api/webhook_key_routes.hpp"
#include "daemon/daemon.hpp"
#include "daemon/options.hpp"

namespace opi::daemon {

api::RouteTable Daemon::make_routes() {
  const api::DestinationRuntime runtime{scheduler_, *stores_.fleet, daemon_id_, clock_};
  api::RouteTable routes;
  api::add_openapi_routes(routes);
  api::add_event_routes(routes, intake_, catalog_);
  api::add_published_event_routes(
      routes, *stores_.events, *stores_.query, catalog_, *stores_.audit, runtime, clock_,
      [this](const TenantId& tenant) { return configuration_.opens_payloads_of(tenant.str()); });
  api::add_delivery_routes(routes, *stores_.query, catalog_, runtime);
  api::add_dead_letter_routes(routes, *stores_.query, dead_letters_, catalog_, runtime, clock_);
  api::add_waiting_delivery_routes(routes, *stores_.query, waiting_, catalog_, runtime, clock_);
  api::add_operation_routes(routes, {*stores_.operations, waiting_, dead_letters_, clock_, random_});
  api::add_tenant_routes(routes, tenants_, editor_);
  api::add_adapter_routes(routes, adapter_directory_);
  api::add_destination_routes(routes, destinations_, removal_, test_events_, credential_check_, editor_, runtime);
  api::add_filter_routes(routes, *stores_.query);
  api::add_credential_routes(routes, credentials_, credential_check_, editor_);
  // Strangers, by address, as often as a token may come.
  api::add_webhook_key_routes(routes, editor_, credential_check_, clock_,
                              {static_cast<double>(configuration_.api_requests_per_second),
                               static_cast<double>(configuration_.api_request_burst)});
  api::add_policy_routes(routes, policies_, editor_);
  api::add_alert_routes(routes, *stores_.alerts, catalog_, alert_settings_, editor_);
  api::add_delivery_event_routes(routes, *stores_.feed);
  api::add_health_routes(routes, *stores_.health, catalog_, runtime, clock_);
  api::add_session_routes(routes, authenticator_, !configuration_.relaxed());
  api::add_audit_routes(routes, *stores_.audit, audit_key_, audit_keys_, clock_);
  api::add_token_routes(routes, *stores_.tokens, authenticator_, clock_, random_);
  api::add_portal_link_routes(routes, *stores_.sessions, clock_, random_);
  api::add_console_routes(routes, console_, !configuration_.relaxed(), configuration_.console_frame_ancestors);
  return routes;
}

void Daemon::make_servers() {
  const auto answering = [this](api::RouteTable routes) {
    return api::RequestHandler(std::move(routes), authenticator_,
                               [this](const TenantId& tenant) { return is_known(tenant); }, logger_, {});
  };
  api::RouteTable status;
  api::add_status_routes(status, metrics_, [this] { return readiness(); });
  const auto logging = [this](api::HttpServer::Options options) {
    options.gate.logger = &logger_;
    return options;
  };
  api_ = std::make_unique<api::HttpServer>(answering(make_routes()), logging(server_options(configuration_)));
  status_ =
      std::make_unique<api::HttpServer>(answering(std::move(status)), logging(status_server_options(configuration_)));
}

}  // namespace opi::daemon
