#include "sqlite/rollup.hpp"

#include <algorithm>

#include "delivery/delivery_health.hpp"
#include "delivery/rollup_sums.hpp"
#include "sqlite/query.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement add_sum{"add_to_rollup", R"(
  INSERT INTO integration_delivery_rollup (tenant_id, destination_id, bucket_start_ms, delivered, failed, dead_lettered,
    retried, latency_ms_sum, latency_ms_max, last_at_ms, last_state, last_http_status)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant_id, destination_id, bucket_start_ms) DO UPDATE
  SET delivered = delivered + excluded.delivered, failed = failed + excluded.failed,
      dead_lettered = dead_lettered + excluded.dead_lettered, retried = retried + excluded.retried,
      latency_ms_sum = latency_ms_sum + excluded.latency_ms_sum,
      latency_ms_max = max(latency_ms_max, excluded.latency_ms_max), last_at_ms = excluded.last_at_ms,
      last_state = excluded.last_state, last_http_status = excluded.last_http_status)"};

}  // namespace

void add_to_rollup(Connection& connection, const std::vector<const delivery::Settlement*>& settlements, UnixTime now) {
  const std::int64_t now_ms = now.time_since_epoch().count();
  const std::int64_t step = std::chrono::milliseconds{delivery::rollup_step}.count();
  Query insert{connection, add_sum};
  for (const auto& [key, sum] : delivery::rollup_sums(settlements)) {
    insert.text(key.first.str())
        .uuid(key.second.value)
        .integer(now_ms / step * step)
        .integer(sum.delivered)
        .integer(sum.failed)
        .integer(sum.dead_lettered)
        .integer(sum.retried)
        .integer(std::max<std::int64_t>(0, sum.delivered * now_ms - sum.created_ms_sum))
        .integer(std::max<std::int64_t>(0, now_ms - sum.created_ms_min))
        .integer(now_ms)
        .text(to_string(sum.last_state));
    if (sum.last_http_status)
      insert.integer(*sum.last_http_status);
    else
      insert.null();
    insert.run_again();
  }
}

}  // namespace opi::sqlite
