#include "daemon/options.hpp"

#include "node/version.hpp"

namespace opi::daemon {
using configuration::Configuration;

// At the same place in a build tree as when installed.
std::filesystem::path console_directory(const Configuration& configuration) {
  if (!configuration.console_directory.empty()) return configuration.console_directory;
  const auto own = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return own.parent_path() / "share" / "oneprotect-integrations" / "console";
}

delivery::Scheduler::Options scheduler_options(const Configuration& configuration) {
  delivery::Scheduler::Options options;
  options.max_in_flight = configuration.max_in_flight;
  options.claim_batch = configuration.claim_batch;
  options.breaker.failure_threshold = configuration.breaker_failure_threshold;
  options.breaker.cooldown = configuration.breaker_cooldown;
  options.breaker.max_cooldown = configuration.breaker_max_cooldown;
  return options;
}

delivery::Fleet::Options fleet_options(std::string daemon_id, std::optional<std::string> predecessor) {
  delivery::Fleet::Options options;
  options.daemon_id = std::move(daemon_id);
  options.replaces = std::move(predecessor);
  return options;
}

delivery::Discovery::Options discovery_options(const Configuration& configuration, std::string daemon_id) {
  delivery::Discovery::Options options;
  options.daemon_id = std::move(daemon_id);
  options.interval = configuration.discovery_interval;
  return options;
}

delivery::Dispatcher::Options dispatcher_options(const Configuration& configuration, std::string daemon_id) {
  delivery::Dispatcher::Options options;
  options.daemon_id = std::move(daemon_id);
  options.lease_grace = configuration.lease_grace;
  options.claim_interval = configuration.claim_interval;
  return options;
}

delivery::Rescuer::Options rescuer_options(const Configuration& configuration, std::string daemon_id) {
  delivery::Rescuer::Options options;
  options.daemon_id = std::move(daemon_id);
  options.interval = configuration.rescue_interval;
  return options;
}

delivery::Intake::Options intake_options(const Configuration& configuration) {
  delivery::Intake::Options options;
  options.waiting_events = static_cast<std::size_t>(configuration.intake_waiting_events);
  return options;
}

delivery::Retention::Options retention_options(const Configuration& configuration) {
  delivery::Retention::Options options;
  options.ages.delivered = std::chrono::days{configuration.retention_delivered_days};
  options.ages.failed = std::chrono::days{configuration.retention_failed_days};
  options.ages.delivery_events = std::chrono::days{configuration.retention_delivery_events_days};
  options.ages.rollup = std::chrono::days{configuration.retention_rollup_days};
  return options;
}

audit::Checkpointer::Options checkpoint_options(const Configuration& configuration) {
  return {configuration.audit_checkpoint_records, configuration.audit_checkpoint_interval};
}

egress::TransportOptions transport_options(const Configuration& configuration, telemetry::Logger& logger) {
  egress::TransportOptions options;
  options.threads = static_cast<std::size_t>(configuration.egress_threads);
  options.connect_timeout = configuration.egress_connect_timeout;
  options.idle_timeout = configuration.egress_idle_timeout;
  options.max_connections_per_origin = static_cast<std::size_t>(configuration.egress_max_connections_per_origin);
  options.user_agent = node::user_agent;
  options.tls.ca_file = configuration.egress_ca_file;
  options.proxy = node::egress_proxy(configuration);
  options.logger = &logger;
  return options;
}

identity::JwtRules jwt_rules(const Configuration& configuration) {
  return {configuration.jwt_issuer, configuration.jwt_audience, configuration.jwt_tenant_claim,
          configuration.jwt_role_claim};
}

identity::Sessions::Options session_options(const Configuration& configuration) {
  identity::Sessions::Options options;
  options.lifetime = configuration.session_lifetime;
  return options;
}

identity::RateLimit::Options request_limit(const Configuration& configuration) {
  identity::RateLimit::Options options;
  options.per_second = configuration.api_requests_per_second;
  options.burst = configuration.api_request_burst;
  return options;
}

constexpr std::size_t mebibyte = 1024 * 1024;

api::HttpServer::Options server_options(const Configuration& configuration) {
  api::HttpServer::Options options;
  options.address = configuration.api_address;
  options.port = configuration.api_port;
  options.threads = configuration.api_threads;
  auto& limits = options.gate.limits;
  limits.connections = static_cast<std::size_t>(configuration.api_max_connections);
  limits.connections_per_address = static_cast<std::size_t>(configuration.api_max_connections_per_address);
  limits.bytes = static_cast<std::size_t>(configuration.api_max_buffered_mib) * mebibyte;
  limits.bytes_per_address = static_cast<std::size_t>(configuration.api_max_buffered_mib_per_address) * mebibyte;
  options.gate.head_timeout = configuration.api_head_timeout;
  options.gate.body_timeout = configuration.api_body_timeout;
  return options;
}

api::HttpServer::Options status_server_options(const Configuration& configuration) {
  constexpr int threads = 2;
  constexpr std::size_t connections = 64, bytes = 16 * mebibyte;
  api::HttpServer::Options options;
  options.address = configuration.status_address;
  options.port = configuration.status_port;
  options.threads = threads;
  options.gate.limits.connections = options.gate.limits.connections_per_address = connections;
  options.gate.limits.bytes = options.gate.limits.bytes_per_address = bytes;
  return options;
}

}  // namespace opi::daemon
