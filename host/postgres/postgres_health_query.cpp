#include "postgres/postgres_health_query.hpp"

#include <map>

#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::DestinationHealth;
using delivery::SettledCounts;

// Those that there are to tell about, each with its last settlement (the end of its range of the rollup) and its
// parked deliveries (a range of the cold table's index). Destinations that were deleted with dead letters left show
// up through their rollup.
constexpr Statement read_destinations{"health_destinations", R"(
  WITH d AS (
    SELECT destination_id FROM integration_destinations WHERE tenant_id = $1::text
    UNION
    SELECT DISTINCT destination_id FROM integration_delivery_rollup
    WHERE tenant_id = $1::text AND bucket_start >= $2::timestamptz AND bucket_start < $3::timestamptz
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

constexpr Statement sum_destinations{"health_sums", R"(
  SELECT destination_id, sum(delivered)::bigint, sum(failed)::bigint, sum(dead_lettered)::bigint, sum(retried)::bigint,
         sum(latency_ms_sum)::bigint, max(latency_ms_max)
  FROM integration_delivery_rollup
  WHERE tenant_id = $1::text AND bucket_start >= $2::timestamptz AND bucket_start < $3::timestamptz
  GROUP BY 1)"};

constexpr Statement sum_buckets{"health_series", R"(
  SELECT date_bin($4::bigint * interval '1 minute', bucket_start, 'epoch'::timestamptz), sum(delivered)::bigint,
         sum(failed)::bigint, sum(dead_lettered)::bigint, sum(retried)::bigint, sum(latency_ms_sum)::bigint,
         max(latency_ms_max)
  FROM integration_delivery_rollup
  WHERE tenant_id = $1::text AND bucket_start >= $2::timestamptz AND bucket_start < $3::timestamptz
  GROUP BY 1 ORDER BY 1)"};

SettledCounts counts_of(const Rows& rows, int row) {
  return {rows.int8(row, 1),
          rows.int8(row, 2),
          rows.int8(row, 3),
          rows.int8(row, 4),
          std::chrono::milliseconds{rows.int8(row, 5)},
          std::chrono::milliseconds{rows.int8(row, 6)}};
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
  const auto range = [&] { return Parameters{}.text(tenant.str()).time(from).time(to); };
  ByDestination destinations;
  const auto known = session->execute(read_destinations, range());
  for (int i = 0; i < known.size(); ++i) {
    auto& one = destinations[DestinationId{known.uuid(i, 0)}];
    if (!known.is_null(i, 1)) {
      one.last = {known.time(i, 1), parse_delivery_state(known.text(i, 2)).value(), std::nullopt};
      if (!known.is_null(i, 3)) one.last->http_status = known.int4(i, 3);
    }
    one.parked = known.int8(i, 4);
  }
  add_live(session->execute(count_live, Parameters{}.text(tenant.str())), destinations);
  const auto sums = session->execute(sum_destinations, range());
  for (int i = 0; i < sums.size(); ++i) destinations[DestinationId{sums.uuid(i, 0)}].settled = counts_of(sums, i);

  delivery::DeliveryHealth health;
  for (auto& [id, one] : destinations) {
    one.destination = id;
    health.destinations.push_back(one);
  }
  const auto series = session->execute(sum_buckets, range().int8(bucket.count()));
  for (int i = 0; i < series.size(); ++i) health.series.push_back({series.time(i, 0), counts_of(series, i)});
  return health;
}

}  // namespace opi::postgres
