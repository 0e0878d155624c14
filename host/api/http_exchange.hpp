#pragma once
#include <Poco/Net/HTTPServerParams.h>

#include <atomic>
#include <chrono>
#include <string>

#include "api/connection_gate.hpp"
#include "api/deadline_watch.hpp"
#include "api/request_handler.hpp"

namespace opi::api {

// Serves the request that a connection is ready with, over POCO's HTTP. Never throws; thread-safe.
class HttpExchange {
 public:
  struct Options {
    std::size_t body_bytes = 8 * 1024 * 1024;
    std::chrono::milliseconds body_timeout{30'000};  // for a whole body; and for a client to take a whole response
    std::chrono::milliseconds io_timeout{15'000};    // of one read or write
    int large_bodies = 32;  // read at the same time; beyond, 503: they hold a thread for as long as their clients like
  };
  struct Served {
    bool keep_alive = false;
    std::string unread;  // what was read beyond the request
  };

  // All outlive this.
  HttpExchange(const RequestHandler& handler, DeadlineWatch& watch, const Options& options);
  [[nodiscard]] Served serve(const ConnectionGate::Ready& ready) const;

 private:
  const RequestHandler& handler_;
  DeadlineWatch& watch_;
  const Options options_;
  const Poco::Net::HTTPServerParams::Ptr parameters_;
  mutable std::atomic<int> large_bodies_ = 0;
};

// A whole response after which the connection is closed, as bytes.
std::string closing_response(const Response& response);

}  // namespace opi::api
