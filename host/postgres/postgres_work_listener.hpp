#pragma once
#include <chrono>
#include <functional>

#include "postgres/connection.hpp"
#include "postgres/options.hpp"

namespace opi::postgres {

// Hears other daemons' announce() on a connection of its own. For one thread, which calls run_once() in a loop.
class PostgresWorkListener final {
 public:
  // `on_work` is called inside run_once(); it may not throw.
  PostgresWorkListener(const PostgresOptions& options, std::function<void()> on_work);

  // Waits for an announcement, at most for the timeout; true if one came. Calls on_work once however many
  // came, and also after every (re)connection, before which some may have been missed.
  // Throws StoreUnavailable if it cannot listen; the next call connects again.
  bool run_once(std::chrono::milliseconds timeout);

 private:
  Connection connection_;
  std::function<void()> on_work_;
  int listening_on_ = 0;  // the connection that has executed LISTEN
};

}  // namespace opi::postgres
