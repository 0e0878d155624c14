#include "postgres/rollup.hpp"

#include "delivery/rollup_sums.hpp"

namespace opi::postgres {
namespace {

using Element = ArrayParameter::Element;

constexpr Statement add_sums{"add_to_rollup", R"(
  INSERT INTO integration_delivery_rollup AS r (tenant_id, destination_id, bucket_start, delivered, failed,
    dead_lettered, retried, latency_ms_sum, latency_ms_max, last_at, last_state, last_http_status)
  SELECT n.tenant_id, n.destination_id, date_bin('5 minutes', now(), 'epoch'::timestamptz), n.delivered, n.failed,
         n.dead_lettered, n.retried, greatest(0, n.delivered * t.now_ms - n.created_ms_sum),
         greatest(0, t.now_ms - n.created_ms_min), now(), n.last_state, n.last_http_status
  FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::bigint[], $9::text[], $10::int[])
    AS n (tenant_id, destination_id, delivered, failed, dead_lettered, retried, created_ms_sum, created_ms_min,
          last_state, last_http_status),
    (SELECT (extract(epoch FROM now()) * 1000)::bigint AS now_ms) t
  ON CONFLICT (tenant_id, destination_id, bucket_start) DO UPDATE
  SET delivered = r.delivered + excluded.delivered, failed = r.failed + excluded.failed,
      dead_lettered = r.dead_lettered + excluded.dead_lettered, retried = r.retried + excluded.retried,
      latency_ms_sum = r.latency_ms_sum + excluded.latency_ms_sum,
      latency_ms_max = greatest(r.latency_ms_max, excluded.latency_ms_max), last_at = excluded.last_at,
      last_state = excluded.last_state, last_http_status = excluded.last_http_status)"};

}  // namespace

void add_to_rollup(Connection& connection, const std::vector<const delivery::Settlement*>& settlements) {
  ArrayParameter tenants{Element::text}, destinations{Element::uuid}, delivered{Element::int8}, failed{Element::int8},
      dead_lettered{Element::int8}, retried{Element::int8}, created_sum{Element::int8}, created_min{Element::int8},
      states{Element::text}, statuses{Element::int4};
  for (const auto& [key, sum] : delivery::rollup_sums(settlements)) {
    tenants.add(key.first.str());
    destinations.add(key.second.value);
    delivered.add_int8(sum.delivered);
    failed.add_int8(sum.failed);
    dead_lettered.add_int8(sum.dead_lettered);
    retried.add_int8(sum.retried);
    created_sum.add_int8(sum.created_ms_sum);
    created_min.add_int8(sum.created_ms_min);
    states.add(to_string(sum.last_state));
    if (sum.last_http_status)
      statuses.add_int4(*sum.last_http_status);
    else
      statuses.add_null();
  }
  connection.execute(add_sums, Parameters{}
                                   .array(tenants)
                                   .array(destinations)
                                   .array(delivered)
                                   .array(failed)
                                   .array(dead_lettered)
                                   .array(retried)
                                   .array(created_sum)
                                   .array(created_min)
                                   .array(states)
                                   .array(statuses));
}

}  // namespace opi::postgres
