#include "postgres/postgres_work_listener.hpp"

#include <unordered_set>

#include "postgres/postgres_database.hpp"
#include "postgres/work_channel.hpp"

namespace opi::postgres {
namespace {

// Of more than these at once, any may have work.
constexpr std::size_t heard_at_most = 10'000;

}  // namespace

PostgresWorkListener::PostgresWorkListener(const PostgresOptions& options)
    : connection_(plain_settings(options, options.statement_timeout)) {}

std::optional<std::vector<DestinationId>> PostgresWorkListener::run_once(std::chrono::milliseconds timeout) {
  const std::vector<DestinationId> any;
  connection_.ensure_open();
  if (listening_on_ != connection_.generation()) {
    connection_.script(listen_for_work, "listen");
    listening_on_ = connection_.generation();
    return any;
  }
  const auto payloads = connection_.await_notifications(timeout);
  if (payloads.empty()) return std::nullopt;
  std::unordered_set<DestinationId> heard;
  for (const auto& payload : payloads) {
    const auto ids = announced_in(payload);
    if (!ids) return any;
    heard.insert(ids->begin(), ids->end());
    if (heard.size() > heard_at_most) return any;
  }
  return std::vector<DestinationId>{heard.begin(), heard.end()};
}

}  // namespace opi::postgres
