#pragma once
#include <functional>

#include "api/http_message.hpp"
#include "api/route_table.hpp"
#include "identity/token.hpp"
#include "telemetry/logger.hpp"

namespace opi::api {

// What of a request is known before its body is read.
struct RequestHead {
  std::string method;
  std::string path;  // decoded
  std::map<std::string, std::string> query;
  std::string content_type;   // as sent
  std::string authorization;  // as sent, empty if absent
  std::string tenant_header;  // X-Tenant-Id, empty if absent
  std::string if_match;       // as sent, empty if absent
};

// Answers one request: route, authentication, permission, body (read by `read_body` only once the caller may send
// it), handler; failures become problem documents. Never throws. Thread-safe.
Response answer(const RouteTable& routes, identity::TokenVerifier& tokens, telemetry::Logger& logger,
                int retry_after_seconds, const RequestHead& head, const std::function<std::string()>& read_body);

}  // namespace opi::api
