#include <algorithm>

#include "delivery/one_look.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "postgres/stored_event.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::Claim;
using Element = ArrayParameter::Element;

// Per destination the earliest rows from its watermark on, so that a flooded destination costs the others
// nothing. The lock column is in no index: the update is HOT. `due_at >= due_from` spares the walk over what
// vacuum has not yet removed; a watermark that is too high only hides rows until a claim without one.
// Claims are not synchronous, so a crash of the server can forget one while its daemon lives on. The next claim
// must not get the same token: hence the random stride.
// A locked row stays in its place until the update, so the update goes there directly, which spares a descent into
// the primary key; a row that had moved before it was locked is missed and claimed the next time.
// OFFSET 0 keeps the event's lookup a subquery of its own, by its key: of tables that were analysed while empty the
// planner thinks every index scan costs the same, and would read all events for each claimed row.
// The leases are written beside, a row for some fifty of a tenant: see integration_leases.
constexpr Statement claim_due{"claim_due", R"(
  WITH due AS MATERIALIZED (
    SELECT o.place
    FROM unnest($1::uuid[], $2::int[], $3::timestamptz[]) AS r (destination_id, slots, due_from)
    CROSS JOIN LATERAL (
      SELECT w.ctid AS place FROM integration_outbox w
      WHERE w.destination_id = r.destination_id AND w.due_at >= r.due_from AND w.due_at <= now()
        AND w.state <> 'delivering'
      ORDER BY w.due_at, w.delivery_id LIMIT r.slots
      FOR UPDATE SKIP LOCKED) o
    WHERE now() <= $6::timestamptz
  ), leased AS (
    UPDATE integration_outbox o
    SET state = 'delivering', lease_token = o.lease_token + 1 + (random() * 2147483647)::bigint, locked_by = $4::text,
        locked_until = now() + $5::bigint * interval '1 millisecond'
    FROM due d WHERE o.ctid = d.place
    RETURNING o.*
  ), lease AS (
    INSERT INTO integration_leases (leased_until, tenant_id, daemon_id, deliveries, destinations)
    SELECT now() + $5::bigint * interval '1 millisecond', n.tenant_id, $4::text, array_agg(n.delivery_id),
           array_agg(n.destination_id)
    FROM (SELECT l.tenant_id, l.delivery_id, l.destination_id, (row_number() OVER () - 1) / 50 AS part FROM leased l) n
    GROUP BY n.tenant_id, n.part
  )
  SELECT l.tenant_id, l.delivery_id, l.destination_id, l.lease_token, l.attempts, l.attempts_before, l.due_at,
         l.created_at, l.idempotency_key, e.event_id, e.event_type, e.schema_version, e.source, e.event_timestamp,
         e.correlation_id, e.causation_id, e.alert_id, e.evidence_id, e.ticket_id, e.payload, e.producer, l.subject, l.step::int, coalesce(l.carry, ''),
         CASE WHEN l.subject <> '' THEN (SELECT r.external_ref FROM integration_external_references r
           WHERE r.tenant_id = l.tenant_id AND r.destination_id = l.destination_id AND r.subject = l.subject) END,
         CASE WHEN l.subject <> '' THEN (SELECT r.external_url FROM integration_external_references r
           WHERE r.tenant_id = l.tenant_id AND r.destination_id = l.destination_id AND r.subject = l.subject) END
  FROM leased l CROSS JOIN LATERAL (
    SELECT * FROM integration_events e WHERE e.tenant_id = l.tenant_id AND e.event_id = l.event_id OFFSET 0) e)"};

// Of these deliveries those that are still under a lease that has run out. One that is locked is being settled.
constexpr Statement take_over_these{"take_over_expired", R"(
  WITH expired AS MATERIALIZED (
    SELECT o.tenant_id, o.delivery_id
    FROM unnest($1::text[], $2::uuid[]) AS c (tenant_id, delivery_id)
    JOIN integration_outbox o ON o.tenant_id = c.tenant_id AND o.delivery_id = c.delivery_id
    WHERE o.state = 'delivering' AND o.locked_until < now()
    FOR UPDATE OF o SKIP LOCKED
  ), leased AS (
    UPDATE integration_outbox o
    SET lease_token = o.lease_token + 1 + (random() * 2147483647)::bigint, locked_by = $3::text,
        locked_until = now() + $4::bigint * interval '1 millisecond'
    FROM expired x WHERE o.tenant_id = x.tenant_id AND o.delivery_id = x.delivery_id
    RETURNING o.*
  ), lease AS (
    INSERT INTO integration_leases (leased_until, tenant_id, daemon_id, deliveries, destinations)
    SELECT now() + $4::bigint * interval '1 millisecond', n.tenant_id, $3::text, array_agg(n.delivery_id),
           array_agg(n.destination_id)
    FROM (SELECT l.tenant_id, l.delivery_id, l.destination_id, (row_number() OVER () - 1) / 50 AS part FROM leased l) n
    GROUP BY n.tenant_id, n.part
  )
  SELECT l.tenant_id, l.delivery_id, l.destination_id, l.lease_token, l.attempts, l.attempts_before, l.due_at,
         l.created_at, l.idempotency_key, e.event_id, e.event_type, e.schema_version, e.source, e.event_timestamp,
         e.correlation_id, e.causation_id, e.alert_id, e.evidence_id, e.ticket_id, e.payload, e.producer, l.subject, l.step::int, coalesce(l.carry, ''),
         CASE WHEN l.subject <> '' THEN (SELECT r.external_ref FROM integration_external_references r
           WHERE r.tenant_id = l.tenant_id AND r.destination_id = l.destination_id AND r.subject = l.subject) END,
         CASE WHEN l.subject <> '' THEN (SELECT r.external_url FROM integration_external_references r
           WHERE r.tenant_id = l.tenant_id AND r.destination_id = l.destination_id AND r.subject = l.subject) END
  FROM leased l CROSS JOIN LATERAL (
    SELECT * FROM integration_events e WHERE e.tenant_id = l.tenant_id AND e.event_id = l.event_id OFFSET 0) e)"};

constexpr Statement give_back{"release_claims", R"(
  UPDATE integration_outbox o
  SET state = CASE WHEN o.attempts = 0 THEN 'pending' ELSE 'retry_scheduled' END, locked_by = NULL, locked_until = NULL
  FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS c (tenant_id, delivery_id, lease_token)
  WHERE o.tenant_id = c.tenant_id AND o.delivery_id = c.delivery_id
    AND o.state = 'delivering' AND o.lease_token = c.lease_token)"};

// One descent for each, to its first row that is not under way, which stands behind at most its in-flight rows and what
// vacuum has not yet removed from its watermark on.
constexpr Statement find_due_destinations{"due_destinations", R"(
  SELECT d.destination_id, ceil(extract(epoch FROM w.due_at - now()) * 1000)::bigint, w.due_at
  FROM unnest($1::uuid[], $2::timestamptz[]) AS d (destination_id, due_from) CROSS JOIN LATERAL (
    SELECT o.due_at FROM integration_outbox o
    WHERE o.destination_id = d.destination_id AND o.due_at >= d.due_from AND o.state <> 'delivering' AND o.due_at < 'infinity'
    ORDER BY o.due_at, o.delivery_id LIMIT 1) w)"};

std::vector<Claim> claims_of(const Rows& rows, MonoTime leased_until) {
  StoredEvents events;
  std::vector<Claim> claims;
  claims.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    Claim::Data data;
    data.delivery = DeliveryId{rows.uuid(i, 1)};
    data.destination = DestinationId{rows.uuid(i, 2)};
    data.lease = rows.int8(i, 3);
    data.attempts_made = rows.int4(i, 4);
    data.attempts_before = rows.int4(i, 5);
    data.due_at = rows.unix_micros(i, 6);
    data.leased_until = leased_until;
    data.created_at = rows.time(i, 7);
    data.idempotency_key.bytes = rows.bytes32(i, 8);
    data.event = events.read(rows, i, TenantId::parse(rows.text(i, 0)).value(), 9);
    data.subject = rows.string(i, 21);
    data.step = rows.int4(i, 22);
    data.carry = rows.string(i, 23);
    if (!rows.is_null(i, 24)) {
      data.prior_ref = rows.string(i, 24);
      data.prior_url = rows.string(i, 25);
    }
    claims.emplace_back(std::move(data));
  }
  return claims;
}

}  // namespace

std::vector<Claim> PostgresDeliveryStore::claim(std::span<const delivery::ClaimRequest> requests,
                                                const delivery::ClaimTerms& terms) {
  ArrayParameter destinations{Element::uuid}, slots{Element::int4}, watermarks{Element::timestamptz};
  bool any = false;
  for (const auto& request : requests) {
    if (request.limit <= 0) continue;
    any = true;
    destinations.add(request.destination.value);
    slots.add_int4(request.limit);
    watermarks.add_micros(request.due_from);
  }
  if (!any) return {};
  auto session = database_.claim().borrow();
  const auto leased_until = clock_.mono_now() + terms.lease;
  return claims_of(session->execute(claim_due, Parameters{}
                                                   .array(destinations)
                                                   .array(slots)
                                                   .array(watermarks)
                                                   .text(terms.daemon_id)
                                                   .int8(terms.lease.count())
                                                   .micros(terms.valid_until)),
                   leased_until);
}

std::vector<Claim> PostgresDeliveryStore::take_over(Connection& connection, const Expired& expired,
                                                    const std::string& daemon_id, std::chrono::milliseconds lease) {
  ArrayParameter tenants{Element::text}, deliveries{Element::uuid};
  for (const auto& [tenant, delivery] : expired) {
    tenants.add(tenant);
    deliveries.add(delivery.value);
  }
  const auto leased_until = clock_.mono_now() + lease;
  return claims_of(
      connection.execute(take_over_these,
                         Parameters{}.array(tenants).array(deliveries).text(daemon_id).int8(lease.count())),
      leased_until);
}

void PostgresDeliveryStore::release(std::span<const Claim> claims) {
  if (claims.empty()) return;
  std::vector<const Claim::Data*> ordered;
  for (const auto& claim : claims) ordered.push_back(&*claim);
  std::ranges::sort(ordered, [](const auto* a, const auto* b) {
    return std::tie(a->event->tenant_id, a->delivery) < std::tie(b->event->tenant_id, b->delivery);
  });
  ArrayParameter tenants{Element::text}, deliveries{Element::uuid}, leases{Element::int8};
  for (const auto* claim : ordered) {
    tenants.add(claim->event->tenant_id.str());
    deliveries.add(claim->delivery.value);
    leases.add_int8(claim->lease);
  }
  auto session = database_.claim().borrow();
  Transaction transaction{*session};
  session->execute(give_back, Parameters{}.array(tenants).array(deliveries).array(leases));
  transaction.commit();
}

std::vector<delivery::DueDestination> PostgresDeliveryStore::due_destinations(
    std::span<const delivery::DueSearch> searches) {
  delivery::require_one_look(searches.size());
  if (searches.empty()) return {};
  ArrayParameter ids{Element::uuid}, watermarks{Element::timestamptz};
  for (const auto& search : searches) {
    ids.add(search.destination.value);
    watermarks.add_micros(search.due_from);
  }
  auto session = database_.look().borrow();
  const auto rows = session->execute(find_due_destinations, Parameters{}.array(ids).array(watermarks));
  std::vector<delivery::DueDestination> due;
  for (int i = 0; i < rows.size(); ++i)
    due.push_back({DestinationId{rows.uuid(i, 0)}, std::chrono::milliseconds{rows.int8(i, 1)}, rows.unix_micros(i, 2)});
  return due;
}

}  // namespace opi::postgres
