#pragma once
#include <functional>

#include "api/http_message.hpp"
#include "api/route_table.hpp"
#include "identity/authenticator.hpp"
#include "telemetry/logger.hpp"

namespace opi::api {

// What of a request is known before its body is read. Headers as sent, empty if absent.
struct RequestHead {
  std::string method;
  std::string path;  // decoded
  std::map<std::string, std::string> query;
  std::string content_type;
  std::string authorization, cookie;
  std::string csrf_token;     // X-CSRF-Token
  std::string tenant_header;  // X-Tenant-Id
  std::string if_match;       // If-Match
  std::string if_none_match;  // If-None-Match
  std::string accept_encoding;
  std::string address;  // the sender's, as failures are counted for it
};

// Reads the body: at most `limit` bytes, or the server's own limit if that is 0.
using BodyReader = std::function<std::string(std::size_t limit)>;

// Answers requests: route, authentication, permission, body (read only once the caller may send it), handler; failures
// become problem documents. Thread-safe.
class RequestHandler {
 public:
  // Whether there is such a tenant: a system administrator may name any.
  using KnownTenant = std::function<bool(const TenantId&)>;
  struct Options {
    int retry_after_seconds = 5;  // told with 503
  };
  RequestHandler(RouteTable routes, identity::Authenticator& authenticator, KnownTenant known_tenant,
                 telemetry::Logger& logger, const Options& options)
      : routes_(std::move(routes)),
        authenticator_(authenticator),
        known_tenant_(std::move(known_tenant)),
        logger_(logger),
        options_(options) {}

  // Never throws.
  Response answer(const RequestHead& head, const BodyReader& read_body) const;

 private:
  [[nodiscard]] Response dispatch(const RequestHead& head, const BodyReader& read_body) const;
  [[nodiscard]] identity::Caller authenticate(const RequestHead& head) const;
  [[nodiscard]] TenantId tenant_of(const RequestHead& head, const identity::Identity& identity, Action action) const;

  const RouteTable routes_;
  identity::Authenticator& authenticator_;
  const KnownTenant known_tenant_;
  telemetry::Logger& logger_;
  const Options options_;
};

// The problem that tells of a refusal.
[[noreturn]] void refuse(const identity::Refusal& refusal);

}  // namespace opi::api
