#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "api/connection_gate.hpp"
#include "api/http_exchange.hpp"
#include "api/request_handler.hpp"

namespace opi::api {

// Inbound HTTP: a gate that reads requests and writes answers, and threads between the two that never see a connection.
// Requests within their limits are answered by a RequestHandler.
class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;  // 0: any free port
    int threads = 64;           // requests served at the same time
    ConnectionGate::Options gate;
    HttpExchange::Options exchange;
  };

  // Binds the address; serves after start(). Throws std::runtime_error naming address and port.
  HttpServer(RequestHandler handler, const Options& options);
  ~HttpServer();  // stops

  void start();
  // Accepts no more, and cuts off at `patience` whoever still sends or reads then; waits for nothing. Once.
  void request_stop(std::chrono::steady_clock::time_point patience);
  // Accepts no more, lets requests under way finish. Idempotent.
  void stop();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace opi::api
