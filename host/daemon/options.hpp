#pragma once
#include <filesystem>

#include "api/http_server.hpp"
#include "audit/checkpointer.hpp"
#include "configuration/configuration.hpp"
#include "delivery/discovery.hpp"
#include "delivery/dispatcher.hpp"
#include "delivery/fleet.hpp"
#include "delivery/intake.hpp"
#include "delivery/rescuer.hpp"
#include "delivery/retention.hpp"
#include "egress/http_transport.hpp"
#include "identity/authenticator.hpp"
#include "node/parts.hpp"

// What the configuration means to each part.
namespace opi::daemon {

using node::address_guard;
using node::faults;
using node::plugin_options;
using node::provider_configs;
// Where the console page's files lie.
std::filesystem::path console_directory(const configuration::Configuration& configuration);
delivery::Scheduler::Options scheduler_options(const configuration::Configuration& configuration);
delivery::Fleet::Options fleet_options(std::string daemon_id, std::optional<std::string> predecessor);
delivery::Discovery::Options discovery_options(const configuration::Configuration& configuration,
                                               std::string daemon_id);
delivery::Dispatcher::Options dispatcher_options(const configuration::Configuration& configuration,
                                                 std::string daemon_id);
delivery::Rescuer::Options rescuer_options(const configuration::Configuration& configuration, std::string daemon_id);
delivery::Intake::Options intake_options(const configuration::Configuration& configuration);
delivery::Retention::Options retention_options(const configuration::Configuration& configuration);
audit::Checkpointer::Options checkpoint_options(const configuration::Configuration& configuration);
egress::TransportOptions transport_options(const configuration::Configuration& configuration,
                                           telemetry::Logger& logger);
identity::JwtRules jwt_rules(const configuration::Configuration& configuration);
identity::Sessions::Options session_options(const configuration::Configuration& configuration);
identity::RateLimit::Options request_limit(const configuration::Configuration& configuration);
api::HttpServer::Options server_options(const configuration::Configuration& configuration);
api::HttpServer::Options status_server_options(const configuration::Configuration& configuration);

}  // namespace opi::daemon
