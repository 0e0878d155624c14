#pragma once
#include <optional>
#include <string>
#include <variant>

#include "api/request_handler.hpp"
#include "api/request_head_rules.hpp"

namespace opi::api {

// A request as it was read from a connection. Its body is there, or comes once it is wanted.
struct Inbound {
  std::string address;  // the sender's
  std::string head;
  Framing framing;
  std::optional<std::string> body;
  std::optional<Admission> admission;  // if it was admitted before its body came
};

// A whole answer.
struct Reply {
  std::string bytes;
  bool keep_alive = false;
};

// The body is wanted.
struct Continue {
  Admission admission;
  std::size_t limit = 0;  // of the body
};

// What becomes of a request: POCO's HTTP between bytes and a RequestHandler. Touches no connection. Thread-safe.
class HttpExchange {
 public:
  struct Options {
    std::size_t body_bytes = 8 * 1024 * 1024;
  };
  // `handler` outlives this.
  HttpExchange(const RequestHandler& handler, const Options& options) : handler_(handler), options_(options) {}

  // Never throws, except without memory.
  [[nodiscard]] std::variant<Reply, Continue> serve(Inbound inbound) const;

 private:
  const RequestHandler& handler_;
  const Options options_;
};

// The answer to a request after which the connection is closed, whatever the request was.
std::string closing_response(const Response& response);

}  // namespace opi::api
