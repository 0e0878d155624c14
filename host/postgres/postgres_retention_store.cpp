#include "postgres/postgres_retention_store.hpp"

#include <algorithm>

#include "delivery/delivery_filter.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using Element = ArrayParameter::Element;

// What another daemon holds is left to it. The mode leaves rows alone that refer to the tenant.
constexpr Statement lock_tenant{
    "lock_retention", "SELECT tenant_id FROM tenants WHERE tenant_id = $1::text FOR NO KEY UPDATE SKIP LOCKED"};

constexpr Statement delete_deliveries{"delete_old_deliveries", R"(
  WITH old AS MATERIALIZED (
    SELECT c.delivery_id FROM integration_deliveries c
    WHERE c.tenant_id = $1::text AND c.delivery_id > $2::uuid AND c.delivery_id < $3::uuid
      AND (c.state = 'delivered' AND c.completed_at < $4::timestamptz
           OR c.state = 'failed' AND c.completed_at < $5::timestamptz)
    ORDER BY c.delivery_id LIMIT $6::int
  )
  DELETE FROM integration_deliveries c USING old
  WHERE c.tenant_id = $1::text AND c.delivery_id = old.delivery_id
  RETURNING c.delivery_id, c.event_id)"};

constexpr Statement delete_attempts{"delete_old_attempts", R"(
  DELETE FROM integration_delivery_attempts a USING unnest($2::uuid[]) AS old (delivery_id)
  WHERE a.tenant_id = $1::text AND a.delivery_id = old.delivery_id)"};

constexpr Statement delete_events{"delete_old_events", R"(
  DELETE FROM integration_events e USING (SELECT DISTINCT * FROM unnest($2::text[])) AS old (event_id)
  WHERE e.tenant_id = $1::text AND e.event_id = old.event_id
    AND NOT EXISTS (SELECT 1 FROM integration_outbox o
                    WHERE o.tenant_id = $1::text AND o.delivery_id = ANY (e.delivery_ids))
    AND NOT EXISTS (SELECT 1 FROM integration_deliveries c
                    WHERE c.tenant_id = $1::text AND c.delivery_id = ANY (e.delivery_ids)))"};

constexpr Statement delete_unrouted_events{"delete_unrouted_events", R"(
  WITH old AS MATERIALIZED (
    SELECT event_id FROM integration_events
    WHERE tenant_id = $1::text AND received_at < $2::timestamptz AND cardinality(delivery_ids) = 0
    ORDER BY received_at LIMIT $3::int
  )
  DELETE FROM integration_events e USING old WHERE e.tenant_id = $1::text AND e.event_id = old.event_id)"};

// Only the head of the feed is looked at: what is older than another is before it.
constexpr Statement delete_delivery_events{"delete_old_delivery_events", R"(
  WITH old AS MATERIALIZED (
    SELECT sequence, occurred_at FROM integration_delivery_events
    WHERE tenant_id = $1::text ORDER BY sequence LIMIT $3::int
  )
  DELETE FROM integration_delivery_events f USING old
  WHERE f.tenant_id = $1::text AND f.sequence = old.sequence AND old.occurred_at < $2::timestamptz)"};

constexpr Statement delete_operations{"delete_old_operations", R"(
  WITH old AS MATERIALIZED (
    SELECT operation_id FROM integration_operations
    WHERE tenant_id = $1::text AND state <> 'running' AND finished_at < $2::timestamptz LIMIT $3::int
  )
  DELETE FROM integration_operations o USING old WHERE o.tenant_id = $1::text AND o.operation_id = old.operation_id)"};

constexpr Statement delete_rollup{"delete_old_rollup", R"(
  WITH old AS MATERIALIZED (
    SELECT destination_id, bucket_start FROM integration_delivery_rollup
    WHERE tenant_id = $1::text AND bucket_start < $2::timestamptz LIMIT $3::int
  )
  DELETE FROM integration_delivery_rollup r USING old
  WHERE r.tenant_id = $1::text AND r.destination_id = old.destination_id AND r.bucket_start = old.bucket_start)"};

bool locked(Connection& connection, const TenantId& tenant) {
  return !connection.execute(lock_tenant, Parameters{}.text(tenant.str())).empty();
}

std::int64_t remove_simply(PostgresDatabase& database, const Statement& statement, const TenantId& tenant,
                           UnixTime before, int limit) {
  auto session = database.general().borrow();
  Transaction transaction{*session};
  if (!locked(*session, tenant)) return 0;
  const auto removed = session->execute(statement, Parameters{}.text(tenant.str()).time(before).int4(limit)).affected();
  transaction.commit();
  return removed;
}

}  // namespace

delivery::RemovedDeliveries PostgresRetentionStore::remove_deliveries(const TenantId& tenant, UnixTime delivered_before,
                                                                      UnixTime failed_before, const DeliveryId& after,
                                                                      int limit) {
  delivery::RemovedDeliveries removed;
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  if (!locked(*session, tenant)) return removed;
  const auto [from, before] = delivery::id_range({.created_to = std::max(delivered_before, failed_before)});
  const auto rows = session->execute(delete_deliveries, Parameters{}
                                                            .text(tenant.str())
                                                            .uuid(after.value)
                                                            .uuid(before)
                                                            .time(delivered_before)
                                                            .time(failed_before)
                                                            .int4(limit));
  if (rows.empty()) return removed;
  ArrayParameter ids{Element::uuid}, events{Element::text};
  for (int i = 0; i < rows.size(); ++i) {
    const DeliveryId id{rows.uuid(i, 0)};
    removed.last = std::max(removed.last, id);
    ids.add(id.value);
    events.add(rows.text(i, 1));
  }
  removed.deliveries = rows.size();
  removed.attempts = session->execute(delete_attempts, Parameters{}.text(tenant.str()).array(ids)).affected();
  removed.events = session->execute(delete_events, Parameters{}.text(tenant.str()).array(events)).affected();
  transaction.commit();
  return removed;
}

std::int64_t PostgresRetentionStore::remove_unrouted_events(const TenantId& tenant, UnixTime received_before,
                                                            int limit) {
  return remove_simply(database_, delete_unrouted_events, tenant, received_before, limit);
}
std::int64_t PostgresRetentionStore::remove_delivery_events(const TenantId& tenant, UnixTime occurred_before,
                                                            int limit) {
  return remove_simply(database_, delete_delivery_events, tenant, occurred_before, limit);
}
std::int64_t PostgresRetentionStore::remove_operations(const TenantId& tenant, UnixTime finished_before, int limit) {
  return remove_simply(database_, delete_operations, tenant, finished_before, limit);
}
std::int64_t PostgresRetentionStore::remove_rollup(const TenantId& tenant, UnixTime begun_before, int limit) {
  return remove_simply(database_, delete_rollup, tenant, begun_before, limit);
}

}  // namespace opi::postgres
