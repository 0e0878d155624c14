#include "sqlite/sqlite_health_query.hpp"

#include <map>

#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::DestinationHealth;
using delivery::SettledCounts;

constexpr Statement read_destinations{"health_destinations",
                                      "SELECT destination_id FROM integration_destinations WHERE tenant_id = ?"};

constexpr Statement read_last{"health_last", R"(
  SELECT last_at_ms, last_state, last_http_status FROM integration_delivery_rollup
  WHERE tenant_id = ? AND destination_id = ? ORDER BY bucket_start_ms DESC LIMIT 1)"};

constexpr Statement count_parked{"health_parked", R"(
  SELECT count(*) FROM integration_deliveries INDEXED BY integration_deliveries_by_state
  WHERE tenant_id = ? AND destination_id = ? AND state = 'dead_lettered')"};

constexpr Statement count_live{"health_live", R"(
  SELECT destination_id, state, count(*) FROM integration_outbox WHERE tenant_id = ? GROUP BY 1, 2)"};

// From one destination of the rollup to the next, then through its buckets of the period: what is older is not read.
// CROSS JOIN keeps that order. Deleted destinations that settled something then are among them.
constexpr Statement sum_settled{"health_settled", R"(
  WITH RECURSIVE settling(id) AS (
    SELECT min(destination_id) FROM integration_delivery_rollup WHERE tenant_id = ?1
    UNION ALL
    SELECT (SELECT min(r.destination_id) FROM integration_delivery_rollup r
            WHERE r.tenant_id = ?1 AND r.destination_id > settling.id)
    FROM settling WHERE settling.id IS NOT NULL)
  SELECT r.destination_id, r.bucket_start_ms / ?4 * ?4, sum(r.delivered), sum(r.failed), sum(r.dead_lettered),
         sum(r.retried), sum(r.latency_ms_sum), max(r.latency_ms_max)
  FROM settling CROSS JOIN integration_delivery_rollup r
  WHERE r.tenant_id = ?1 AND r.destination_id = settling.id AND r.bucket_start_ms >= ?2 AND r.bucket_start_ms < ?3
  GROUP BY 1, 2)"};

SettledCounts counts_of(const Query& row) {
  return {row.int8(2),
          row.int8(3),
          row.int8(4),
          row.int8(5),
          std::chrono::milliseconds{row.int8(6)},
          std::chrono::milliseconds{row.int8(7)}};
}

std::optional<delivery::LastResult> last_of(Connection& connection, const TenantId& tenant, const DestinationId& id) {
  Query row{connection, read_last};
  if (!row.text(tenant.str()).uuid(id.value).step()) return std::nullopt;
  delivery::LastResult last{row.time_at(0), parse_delivery_state(row.view(1)).value(), std::nullopt};
  if (!row.is_null(2)) last.http_status = row.int4(2);
  return last;
}

std::int64_t parked_at(Connection& connection, const TenantId& tenant, const DestinationId& id) {
  Query row{connection, count_parked};
  return row.text(tenant.str()).uuid(id.value).step() ? row.int8(0) : 0;
}

using ByDestination = std::map<DestinationId, DestinationHealth>;

void add_live(Connection& connection, const TenantId& tenant, ByDestination& destinations) {
  Query rows{connection, count_live};
  rows.text(tenant.str());
  while (rows.step()) {
    auto& one = destinations[DestinationId{rows.uuid_at(0)}];
    const auto state = parse_delivery_state(rows.view(1)).value();
    (state == DeliveryState::pending      ? one.pending
     : state == DeliveryState::delivering ? one.delivering
                                          : one.retry_scheduled) = rows.int8(2);
  }
}

}  // namespace

delivery::DeliveryHealth SqliteHealthQuery::health(const TenantId& tenant, UnixTime from, UnixTime to,
                                                   std::chrono::minutes bucket) {
  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  ByDestination destinations;
  {
    Query rows{*session, read_destinations};
    rows.text(tenant.str());
    while (rows.step()) destinations[DestinationId{rows.uuid_at(0)}];
  }
  add_live(*session, tenant, destinations);
  std::map<UnixTime, SettledCounts> series;
  {
    Query rows{*session, sum_settled};
    rows.text(tenant.str()).time(from).time(to).integer(std::chrono::milliseconds{bucket}.count());
    while (rows.step()) {
      const auto counts = counts_of(rows);
      destinations[DestinationId{rows.uuid_at(0)}].settled += counts;
      series[rows.time_at(1)] += counts;
    }
  }
  delivery::DeliveryHealth health;
  for (auto& [id, one] : destinations) {
    one.destination = id;
    one.last = last_of(*session, tenant, id);
    one.parked = parked_at(*session, tenant, id);
    health.destinations.push_back(one);
  }
  for (const auto& [start, counts] : series) health.series.push_back({start, counts});
  return health;
}

}  // namespace opi::sqlite
