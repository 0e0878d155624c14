#pragma once
#include "api/http_server.hpp"
#include "configuration/configuration.hpp"
#include "delivery/dispatcher.hpp"
#include "delivery/intake.hpp"
#include "delivery/rescuer.hpp"
#include "delivery/retention.hpp"
#include "egress/http_transport.hpp"
#include "identity/authenticator.hpp"
#include "plugins/plugin_host.hpp"
#include "plugins/plugin_secret_provider.hpp"

// What the configuration means to each part.
namespace opi::daemon {

plugins::PluginHost::Options plugin_options(const configuration::Configuration& configuration);
// Loads the plugin directory and makes its secret providers.
std::vector<std::shared_ptr<secrets::SecretProvider>> load_plugins(plugins::PluginHost& host,
                                                                   const configuration::Configuration& configuration,
                                                                   telemetry::Logger& logger);
delivery::Scheduler::Options scheduler_options(const configuration::Configuration& configuration);
delivery::Dispatcher::Options dispatcher_options(const configuration::Configuration& configuration,
                                                 std::string daemon_id);
delivery::Rescuer::Options rescuer_options(const configuration::Configuration& configuration, std::string daemon_id);
delivery::Intake::Options intake_options(const configuration::Configuration& configuration);
delivery::Retention::Options retention_options(const configuration::Configuration& configuration);
// Throws std::runtime_error that names an entry of egress.allow which is not a CIDR block.
egress::AddressGuard address_guard(const configuration::Configuration& configuration);
// What is wrong with values that only the parts can judge.
std::vector<std::string> faults(const configuration::Configuration& configuration);
egress::TransportOptions transport_options(const configuration::Configuration& configuration);
identity::JwtRules jwt_rules(const configuration::Configuration& configuration);
identity::Sessions::Options session_options(const configuration::Configuration& configuration);
identity::RateLimit::Options request_limit(const configuration::Configuration& configuration);
api::HttpServer::Options server_options(const configuration::Configuration& configuration);
api::HttpServer::Options status_server_options(const configuration::Configuration& configuration);

}  // namespace opi::daemon
