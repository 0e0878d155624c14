#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "api/route_table.hpp"
#include "identity/token.hpp"
#include "telemetry/logger.hpp"

namespace opi::api {

// Inbound HTTP on POCO's server: reads requests within their limits, authenticates, checks the route's action
// against the caller's role, and turns every failure into a problem document.
class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;  // 0: any free port
    int threads = 64;           // connections served at the same time
    int queued_connections = 128;
    std::chrono::milliseconds timeout{15'000};  // of one read or write on a connection
    std::chrono::milliseconds keep_alive{30'000};
    std::size_t body_bytes = 8 * 1024 * 1024;
    int retry_after_seconds = 5;  // told with 503
  };

  // Binds the address; serves after start(). Throws std::runtime_error naming address and port.
  HttpServer(RouteTable routes, identity::TokenVerifier& tokens, telemetry::Logger& logger, const Options& options);
  ~HttpServer();  // stops

  void start();
  // Accepts no more, lets requests under way finish. Idempotent.
  void stop();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace opi::api
