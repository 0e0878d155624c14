#include "postgres/pinned_plans.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "postgres/subject_order.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::Claim;

// Leases whose time is over go, unless something that they name is still under one that has run out: that is
// answered, and last a row about the whole. Nearly always there is nothing: it was settled. OFFSET 0 keeps the look
// into the outbox a subquery, by its key.
constexpr Statement sweep_leases{"sweep_leases", R"(
  WITH looked AS MATERIALIZED (
    SELECT l.leased_until, l.lease_id, l.tenant_id, l.deliveries FROM integration_leases l
    WHERE (l.leased_until, l.lease_id) > ($1::timestamptz, $2::bigint) AND l.leased_until < now()
    ORDER BY l.leased_until, l.lease_id LIMIT $3::int FOR UPDATE SKIP LOCKED
  ), found AS MATERIALIZED (
    SELECT x.lease_id, o.tenant_id, o.delivery_id FROM looked x CROSS JOIN LATERAL (
      SELECT o.tenant_id, o.delivery_id FROM integration_outbox o
      WHERE o.tenant_id = x.tenant_id AND o.delivery_id = ANY (x.deliveries)
        AND o.state = 'delivering' AND o.locked_until < now() OFFSET 0) o
  ), gone AS (
    DELETE FROM integration_leases l USING looked x
    WHERE l.leased_until = x.leased_until AND l.lease_id = x.lease_id
      AND x.lease_id NOT IN (SELECT f.lease_id FROM found f)
  )
  SELECT f.tenant_id, f.delivery_id, NULL::bigint, NULL::bigint, NULL::timestamptz, NULL::bigint, NULL::timestamptz
  FROM found f
  UNION ALL
  SELECT NULL, NULL, count(*), coalesce(sum(cardinality(x.deliveries)), 0)::bigint, max(x.leased_until),
         max(x.lease_id) FILTER (WHERE x.leased_until = (SELECT max(y.leased_until) FROM looked y)),
         now() - interval '1 minute'
  FROM looked x)"};

// What has a lease that stands nowhere: daemons of schema 11 write none. By place, so that it costs the same
// however many dead rows there are.
constexpr Statement find_unwritten{"find_unwritten_leases", R"(
  SELECT o.tenant_id, o.delivery_id FROM integration_outbox o
  WHERE o.ctid >= format('(%s,0)', $1::bigint)::tid AND o.ctid < format('(%s,0)', $2::bigint)::tid
    AND o.state = 'delivering' AND o.locked_until < now()
  LIMIT $3::int)"};

constexpr Statement count_blocks{
    "count_outbox_blocks", "SELECT pg_relation_size('integration_outbox') / current_setting('block_size')::bigint"};

// The first delivery about each of the next subjects: one descent for each, however many wait behind it.
constexpr Statement find_stranded_subjects{"find_stranded_subjects", R"(
  WITH RECURSIVE s AS (
    (SELECT o.tenant_id, o.destination_id, o.subject, o.due_at, 1 AS n FROM integration_outbox o
     WHERE o.subject <> '' AND (o.destination_id, o.subject) > ($1::uuid, $2::text)
     ORDER BY o.destination_id, o.subject, o.place, o.delivery_id LIMIT 1)
    UNION ALL
    SELECT f.tenant_id, f.destination_id, f.subject, f.due_at, s.n + 1
    FROM s CROSS JOIN LATERAL (
      SELECT o.tenant_id, o.destination_id, o.subject, o.due_at FROM integration_outbox o
      WHERE o.subject <> '' AND (o.destination_id, o.subject) > (s.destination_id, s.subject)
      ORDER BY o.destination_id, o.subject, o.place, o.delivery_id LIMIT 1) f
    WHERE s.n < $3::int
  )
  SELECT g.destination_id, g.subject, g.stranded, g.n FROM (
    SELECT s.*, s.due_at = 'infinity' AND (
      NOT EXISTS (SELECT 1 FROM integration_deliveries d
                  WHERE d.destination_id = s.destination_id AND d.subject = s.subject AND d.subject <> ''
                    AND d.state = 'dead_lettered' OFFSET 0)
      OR EXISTS (SELECT 1 FROM integration_external_references r
                 WHERE r.tenant_id = s.tenant_id AND r.destination_id = s.destination_id AND r.subject = s.subject
                 OFFSET 0)) AS stranded
    FROM s) g
  WHERE g.stranded OR g.n = $3::int)"};

}  // namespace

std::vector<Claim> PostgresDeliveryStore::take_over_expired(int limit, const std::string& daemon_id,
                                                            std::chrono::milliseconds lease) {
  if (limit <= 0) return {};
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  session->script(pin_plans_here, "pin plans");
  Expired expired = expired_leases(*session, limit);
  const int room = limit - static_cast<int>(expired.size());
  if (room > 0) unwritten_leases(*session, room, expired);
  std::vector<Claim> claims;
  if (!expired.empty()) claims = take_over(*session, expired, daemon_id, lease);
  transaction.commit();
  return claims;
}

// Begins where nothing was left before: the dead entries of what was worked off would be walked each time.
PostgresDeliveryStore::Expired PostgresDeliveryStore::expired_leases(Connection& connection, int limit) {
  delivery::DueTime from = leases_from_;
  std::int64_t after = 0, looked_at = 0;
  Expired expired;
  while (looked_at < rescue_.deliveries_a_call && static_cast<int>(expired.size()) < limit) {
    const auto rows =
        connection.execute(sweep_leases, Parameters{}.micros(from).int8(after).int4(rescue_.leases_at_once));
    const int last = rows.size() - 1;
    for (int i = 0; i < last; ++i) expired.emplace_back(rows.string(i, 0), DeliveryId{rows.uuid(i, 1)});
    if (rows.int8(last, 2) < rescue_.leases_at_once) {
      // What is late to be seen is so by less than the minute.
      if (expired.empty()) leases_from_ = rows.unix_micros(last, 6);
      break;
    }
    looked_at += rows.int8(last, 3);
    from = rows.unix_micros(last, 4);
    after = rows.int8(last, 5);
  }
  if (static_cast<int>(expired.size()) > limit) expired.resize(static_cast<std::size_t>(limit));
  return expired;
}

void PostgresDeliveryStore::unwritten_leases(Connection& connection, int limit, Expired& expired) {
  const auto blocks = connection.execute(count_blocks).int8(0, 0);
  const int pages = looked_through_ ? 1 : rescue_.pages_at_start;
  for (int page = 0; page < pages && limit > 0; ++page) {
    const auto first = next_block_.load(), end = first + rescue_.blocks_a_page;
    const auto rows = connection.execute(find_unwritten, Parameters{}.int8(first).int8(end).int4(limit));
    for (int i = 0; i < rows.size(); ++i) expired.emplace_back(rows.string(i, 0), DeliveryId{rows.uuid(i, 1)});
    limit -= rows.size();
    if (limit <= 0) return;  // there may be more in this page
    next_block_ = end < blocks ? end : 0;
    if (next_block_ != 0) continue;
    looked_through_ = true;
    return;
  }
}

int PostgresDeliveryStore::wake_stranded() {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  session->script(pin_plans_here, "pin plans");
  const OrderedSubject after = subject_cursor();
  const auto rows =
      session->execute(find_stranded_subjects,
                       Parameters{}.uuid(after.destination.value).text(after.subject).int4(rescue_.subjects_at_once));
  std::vector<OrderedSubject> waiting;
  OrderedSubject last;
  for (int i = 0; i < rows.size(); ++i) {
    OrderedSubject subject{DestinationId{rows.uuid(i, 0)}, rows.string(i, 1)};
    if (rows.int4(i, 3) == rescue_.subjects_at_once) last = subject;
    if (rows.boolean(i, 2)) waiting.push_back(std::move(subject));
  }
  lock_subjects(*session, waiting);
  const int woken = wake_next(*session, waiting);
  transaction.commit();
  move_subject_cursor(last);
  return woken;
}

OrderedSubject PostgresDeliveryStore::subject_cursor() {
  const Lock lock{mutex_};
  return looked_at_;
}

void PostgresDeliveryStore::move_subject_cursor(OrderedSubject to) {
  const Lock lock{mutex_};
  looked_at_ = std::move(to);
}

}  // namespace opi::postgres
