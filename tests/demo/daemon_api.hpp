#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/delivery_state.hpp"
#include "http_client.hpp"

namespace opi::demo {

// A delivery as the API shows it.
struct ShownDelivery {
  std::string id, destination, event_id;
  DeliveryState state = DeliveryState::pending;
  int attempts = 0;
  std::int64_t created_unix_ms = 0;
  std::optional<std::int64_t> completed_unix_ms;
};

struct ShownAttempt {
  std::string result;
  std::string text;  // the whole attempt as the API answered it
};

struct PublishCounts {
  int accepted = 0, duplicate = 0, conflict = 0;
};

// What the daemon's API says to a producer and an auditor of each tenant. Throws std::runtime_error, which repeats
// the answer, for any answer but the expected one.
class DaemonApi {
 public:
  struct Tokens {
    std::string producer, auditor;
  };
  DaemonApi(std::uint16_t port, std::uint16_t status_port, std::map<std::string, Tokens> tokens_by_tenant);

  // `ndjson`: an event a line.
  [[nodiscard]] PublishCounts publish(const std::string& tenant, const std::string& ndjson) const;
  // All of the tenant's, newest first.
  [[nodiscard]] std::vector<ShownDelivery> deliveries(const std::string& tenant) const;
  [[nodiscard]] std::vector<ShownAttempt> attempts(const std::string& tenant, const std::string& delivery) const;
  // By name with labels, as in `opi_events_total{result="accepted"}`.
  [[nodiscard]] std::map<std::string, double> metrics() const;

 private:
  HttpClient client_, status_;
  std::map<std::string, Tokens> tokens_;
};

}  // namespace opi::demo
