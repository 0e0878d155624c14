#pragma once
#include <chrono>
#include <optional>
#include <vector>

#include "domain/ids.hpp"
#include "postgres/connection.hpp"
#include "postgres/options.hpp"

namespace opi::postgres {

// Hears other daemons' announce() on a connection of its own. For one thread, which calls run_once() in a loop.
class PostgresWorkListener final {
 public:
  explicit PostgresWorkListener(const PostgresOptions& options);

  // Waits for an announcement, at most for the timeout; nullopt if none came. Answers the destinations that all those
  // together name, each once; none stands for any, as it does after every (re)connection, before which some may have
  // been missed. Throws StoreUnavailable if it cannot listen; the next call connects again.
  std::optional<std::vector<DestinationId>> run_once(std::chrono::milliseconds timeout);

 private:
  Connection connection_;
  int listening_on_ = 0;  // the connection that has executed LISTEN
};

}  // namespace opi::postgres
