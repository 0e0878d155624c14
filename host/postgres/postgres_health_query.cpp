#include "postgres/postgres_health_query.hpp"

#include <map>

#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::DestinationHealth;
using delivery::SettledCounts;

// Those that there are to tell about, each with its last settlement (the end of its range of the rollup) and its
// parked deliveries (a range of the cold table's index): those of the catalog, and of the deleted ones those that have
// settled something ($2).
constexpr Statement read_destinations{"health_destinations", R"(
  WITH d AS (
    SELECT destination_id FROM integration_destinations WHERE tenant_id = $1::text
    UNION
    SELECT unnest($2::uuid[])
  )
  SELECT d.destination_id, l.last_at, l.last_state, l.last_http_status,
         (SELECT count(*) FROM integration_deliveries c
          WHERE c.tenant_id = $1::text AND c.destination_id = d.destination_id AND c.state = 'dead_lettered')
  FROM d LEFT JOIN LATERAL (
    SELECT r.last_at, r.last_state, r.last_http_status FROM integration_delivery_rollup r
    WHERE r.tenant_id = $1::text AND r.destination_id = d.destination_id
    ORDER BY r.bucket_start DESC LIMIT 1) l ON true)"};

constexpr Statement count_live{"health_live", R"(
  SELECT destination_id, state, count(*) FROM integration_outbox WHERE tenant_id = $1::text GROUP BY 1, 2)"};

// From one destination of the rollup to the next, then through its buckets of the period: what is older is not read.
// Deleted destinations that settled something then are among them.
constexpr Statement sum_settled{"health_settled", R"(
  WITH RECURSIVE settling(id) AS (
    (SELECT destination_id FROM integration_delivery_rollup WHERE tenant_id = $1::text ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT r.destination_id FROM integration_delivery_rollup r
            WHERE r.tenant_id = $1::text AND r.destination_id > settling.id ORDER BY 1 LIMIT 1)
    FROM settling WHERE settling.id IS NOT NULL)
  SELECT settling.id, s.* FROM settling CROSS JOIN LATERAL (
    SELECT date_bin($4::bigint * interval '1 minute', r.bucket_start, 'epoch'::timestamptz), sum(r.delivered)::bigint,
           sum(r.failed)::bigint, sum(r.dead_lettered)::bigint, sum(r.retried)::bigint, sum(r.latency_ms_sum)::bigint,
           max(r.latency_ms_max)
    FROM integration_delivery_rollup r
    WHERE r.tenant_id = $1::text AND r.destination_id = settling.id
      AND r.bucket_start >= $2::timestamptz AND r.bucket_start < $3::timestamptz
    GROUP BY 1) s)"};

SettledCounts counts_of(const Rows& rows, int row) {
  return {rows.int8(row, 2),
          rows.int8(row, 3),
          rows.int8(row, 4),
          rows.int8(row, 5),
          std::chrono::milliseconds{rows.int8(row, 6)},
          std::chrono::milliseconds{rows.int8(row, 7)}};
}

using ByDestination = std::map<DestinationId, DestinationHealth>;

void add_live(const Rows& rows, ByDestination& destinations) {
  for (int i = 0; i < rows.size(); ++i) {
    auto& one = destinations[DestinationId{rows.uuid(i, 0)}];
    const auto state = parse_delivery_state(rows.text(i, 1)).value();
    (state == DeliveryState::pending      ? one.pending
     : state == DeliveryState::delivering ? one.delivering
                                          : one.retry_scheduled) = rows.int8(i, 2);
  }
}

}  // namespace

delivery::DeliveryHealth PostgresHealthQuery::health(const TenantId& tenant, UnixTime from, UnixTime to,
                                                     std::chrono::minutes bucket) {
  auto session = database_.tenant(tenant);
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  ByDestination destinations;
  std::map<UnixTime, SettledCounts> series;
  const auto settled =
      session->execute(sum_settled, Parameters{}.text(tenant.str()).time(from).time(to).int8(bucket.count()));
  for (int i = 0; i < settled.size(); ++i) {
    const auto counts = counts_of(settled, i);
    destinations[DestinationId{settled.uuid(i, 0)}].settled += counts;
    series[settled.time(i, 1)] += counts;
  }
  ArrayParameter settling(ArrayParameter::Element::uuid);
  for (const auto& [id, one] : destinations) settling.add(id.value);
  const auto known = session->execute(read_destinations, Parameters{}.text(tenant.str()).array(settling));
  for (int i = 0; i < known.size(); ++i) {
    auto& one = destinations[DestinationId{known.uuid(i, 0)}];
    if (!known.is_null(i, 1)) {
      one.last = {known.time(i, 1), parse_delivery_state(known.text(i, 2)).value(), std::nullopt};
      if (!known.is_null(i, 3)) one.last->http_status = known.int4(i, 3);
    }
    one.parked = known.int8(i, 4);
  }
  add_live(session->execute(count_live, Parameters{}.text(tenant.str())), destinations);

  delivery::DeliveryHealth health;
  for (auto& [id, one] : destinations) {
    one.destination = id;
    health.destinations.push_back(one);
  }
  for (const auto& [start, counts] : series) health.series.push_back({start, counts});
  return health;
}

}  // namespace opi::postgres
