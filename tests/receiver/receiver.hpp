#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "receiver/authorization_server.hpp"
#include "receiver/scoreboard.hpp"

namespace opi::receiver {

struct ReceiverOptions {
  std::uint16_t port = 0;            // 0: the system's choice
  std::vector<std::string> secrets;  // "whsec_…"; a signature by any of them is good
  bool verify = true;                // false: signatures are not looked at
  std::chrono::seconds replay_window{300};
  std::chrono::milliseconds slow_delay{5'000};
  std::size_t max_body_bytes = 8 * 1024 * 1024;
  AuthorizationOptions authorization;
};

// An HTTP/1.1 receiver on 127.0.0.1 with one thread of its own, that verifies the signature and replay
// window of every request, counts duplicates, and plays the parts of part.hpp. Thread-safe.
class Receiver {
 public:
  // Listens at once. Throws std::runtime_error for a malformed secret (not repeating it) or a busy port.
  explicit Receiver(ReceiverOptions options);
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  ~Receiver();

  [[nodiscard]] std::uint16_t port() const;
  // "http://127.0.0.1:<port>" and the path.
  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] ReceiverStatistics statistics() const;
  [[nodiscard]] std::uint64_t bench_requests() const;
  void reset_statistics();

  // Closes the listener and all connections, and waits for the thread. Idempotent.
  void stop();

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace opi::receiver
