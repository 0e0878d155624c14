#include "postgres/postgres_work_listener.hpp"

#include "postgres/postgres_database.hpp"
#include "postgres/work_channel.hpp"

namespace opi::postgres {

PostgresWorkListener::PostgresWorkListener(const PostgresOptions& options, std::function<void()> on_work)
    : connection_(plain_settings(options, options.statement_timeout)), on_work_(std::move(on_work)) {}

bool PostgresWorkListener::run_once(std::chrono::milliseconds timeout) {
  connection_.ensure_open();
  if (listening_on_ != connection_.generation()) {
    connection_.script(listen_for_work, "listen");
    listening_on_ = connection_.generation();
    on_work_();
    return true;
  }
  if (!connection_.await_notification(timeout)) return false;
  on_work_();
  return true;
}

}  // namespace opi::postgres
