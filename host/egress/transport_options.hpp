#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "egress/proxy.hpp"
#include "egress/request_head.hpp"
#include "egress/response_parser.hpp"
#include "egress/tls.hpp"
#include "telemetry/logger.hpp"

namespace opi::egress {

struct TransportOptions {
  std::size_t threads = 1;  // each runs an event loop of its own; an origin belongs to one of them
  std::chrono::milliseconds connect_timeout{5'000};  // resolve, connect and TLS, over all addresses of a host
  std::chrono::milliseconds idle_timeout{30'000};
  std::chrono::milliseconds max_connection_age{600'000};  // so that a changed DNS record is noticed under load
  std::size_t max_connections_per_origin = 1'024;         // requests beyond wait; tenants share these (TenantShares)
  std::size_t max_connections = 8'192;  // over all origins, shared likewise; the file descriptor limit must exceed it
  std::size_t max_idle = 1'024;         // over all origins
  std::string user_agent = "OneProtect-Integrations";  // for requests without their own
  RequestLimits request{};
  ResponseLimits response{};
  TlsContext::Options tls{};
  std::shared_ptr<const Proxy> proxy;   // by which receivers are reached; null: directly
  telemetry::Logger* logger = nullptr;  // for faults of the transport itself; null: nobody is told
};

}  // namespace opi::egress
