#pragma once
#include <functional>
#include <variant>

#include "api/http_message.hpp"
#include "api/route_table.hpp"
#include "identity/authenticator.hpp"
#include "telemetry/logger.hpp"

namespace opi::api {

// What of a request is known before its body is read. Headers as sent, empty if absent.
struct RequestHead {
  std::string method;
  std::string path;  // as sent, percent-encoded
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

// A request that may be made: all of it but its body.
struct Admission {
  const Route* route = nullptr;
  Request request;
  std::size_t body_bytes = 0;  // as Route::body_bytes
};

// Answers requests in two steps, so that a body is read only once its sender may send it: route, authentication and
// permission; then the route's handler. Failures become problem documents. Thread-safe.
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

  // Never throws; what it admits does not outlive this.
  [[nodiscard]] std::variant<Admission, Response> admit(const RequestHead& head) const;
  [[nodiscard]] Response answer(Admission admission, std::string body) const;

 private:
  [[nodiscard]] Admission judge(const RequestHead& head) const;
  [[nodiscard]] Response failed(const std::string& path) const;  // inside a catch
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
