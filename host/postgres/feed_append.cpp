#include "postgres/feed_append.hpp"

#include <map>

#include "delivery/delivery_event.hpp"

namespace opi::postgres {
namespace {

using Element = ArrayParameter::Element;
using Batch = std::vector<const delivery::Settlement*>;

// Locks the feeds' heads, in the order of the tenants given, until the transaction ends.
constexpr Statement allot_sequences{"allot_feed_sequences", R"(
  INSERT INTO integration_feed_heads AS h (tenant_id, sequence)
  SELECT * FROM unnest($1::text[], $2::bigint[])
  ON CONFLICT (tenant_id) DO UPDATE SET sequence = h.sequence + excluded.sequence
  RETURNING tenant_id, sequence)"};

constexpr Statement publish_delivery_events{"publish_delivery_events", R"(
  INSERT INTO integration_delivery_events (tenant_id, sequence, delivery_event_id, event_type, delivery_id,
                                           destination_id, event_id, correlation_id, attempt, occurred_at)
  SELECT n.*, now() FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::text[],
                                $8::text[], $9::int[]) AS n)"};

using Sequences = std::map<std::string, std::int64_t, std::less<>>;  // by tenant

// Allots a sequence to each settlement, and tells the one before the tenant's first.
Sequences allot(Connection& connection, const Batch& settlements) {
  Sequences wanted;
  for (const auto* s : settlements) ++wanted[s->claim()->event->tenant_id.str()];
  ArrayParameter tenants{Element::text}, counts{Element::int8};
  for (const auto& [tenant, count] : wanted) {
    tenants.add(tenant);
    counts.add_int8(count);
  }
  const auto rows = connection.execute(allot_sequences, Parameters{}.array(tenants).array(counts));
  Sequences last;
  for (int i = 0; i < rows.size(); ++i) {
    const auto tenant = rows.string(i, 0);
    last[tenant] = rows.int8(i, 1) - wanted.at(tenant);
  }
  return last;
}

}  // namespace

void append_to_feeds(Connection& connection, const Batch& settlements) {
  auto last = allot(connection, settlements);
  ArrayParameter tenants{Element::text}, sequences{Element::int8}, ids{Element::uuid}, types{Element::text},
      deliveries{Element::uuid}, destinations{Element::uuid}, events{Element::text}, correlations{Element::text},
      attempts{Element::int4};
  for (const auto* s : settlements) {
    const auto& claim = *s->claim();
    tenants.add(claim.event->tenant_id.str());
    sequences.add_int8(++last.at(claim.event->tenant_id.str()));
    ids.add(s->delivery_event_id());
    types.add(delivery::delivery_event_type(s->decision().next));
    deliveries.add(claim.delivery.value);
    destinations.add(claim.destination.value);
    events.add(claim.event->event_id.str());
    correlations.add(claim.event->correlation_id);
    attempts.add_int4(s->attempt().number);
  }
  connection.execute(publish_delivery_events, Parameters{}
                                                  .array(tenants)
                                                  .array(sequences)
                                                  .array(ids)
                                                  .array(types)
                                                  .array(deliveries)
                                                  .array(destinations)
                                                  .array(events)
                                                  .array(correlations)
                                                  .array(attempts));
}

}  // namespace opi::postgres
