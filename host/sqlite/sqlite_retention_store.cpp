#include "sqlite/sqlite_retention_store.hpp"

#include <algorithm>
#include <set>

#include "delivery/delivery_filter.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement find_deliveries{"find_old_deliveries", R"(
  SELECT delivery_id, event_id FROM integration_deliveries
  WHERE tenant_id = ?1 AND delivery_id > ?2 AND delivery_id < ?3
    AND (state = 'delivered' AND completed_at_ms < ?4 OR state = 'failed' AND completed_at_ms < ?5)
  ORDER BY delivery_id LIMIT ?6)"};

constexpr Statement delete_delivery{"delete_old_delivery",
                                    "DELETE FROM integration_deliveries WHERE tenant_id = ? AND delivery_id = ?"};

constexpr Statement delete_attempts{
    "delete_old_attempts", "DELETE FROM integration_delivery_attempts WHERE tenant_id = ? AND delivery_id = ?"};

// The ids stand with their event, 16 bytes each.
constexpr Statement delete_event{"delete_old_event", R"(
  DELETE FROM integration_events
  WHERE tenant_id = ?1 AND event_id = ?2 AND NOT EXISTS (
    WITH RECURSIVE ids (delivery_ids, at) AS (
      SELECT e.delivery_ids, 1 FROM integration_events e WHERE e.tenant_id = ?1 AND e.event_id = ?2
      UNION ALL
      SELECT delivery_ids, at + 16 FROM ids WHERE at + 16 < length(delivery_ids)
    )
    SELECT 1 FROM ids
    WHERE EXISTS (SELECT 1 FROM integration_outbox o
                  WHERE o.tenant_id = ?1 AND o.delivery_id = substr(ids.delivery_ids, ids.at, 16))
       OR EXISTS (SELECT 1 FROM integration_deliveries c
                  WHERE c.tenant_id = ?1 AND c.delivery_id = substr(ids.delivery_ids, ids.at, 16))))"};

constexpr Statement delete_unrouted_events{"delete_unrouted_events", R"(
  DELETE FROM integration_events WHERE tenant_id = ?1 AND event_id IN (
    SELECT event_id FROM integration_events
    WHERE tenant_id = ?1 AND received_at_ms < ?2 AND length(delivery_ids) = 0
    ORDER BY received_at_ms LIMIT ?3))"};

// Only the head of the feed is looked at: what is older than another is before it.
constexpr Statement delete_delivery_events{"delete_old_delivery_events", R"(
  DELETE FROM integration_delivery_events WHERE tenant_id = ?1 AND occurred_at_ms < ?2 AND sequence IN (
    SELECT sequence FROM integration_delivery_events WHERE tenant_id = ?1 ORDER BY sequence LIMIT ?3))"};

constexpr Statement delete_operations{"delete_old_operations", R"(
  DELETE FROM integration_operations WHERE (tenant_id, operation_id) IN (
    SELECT tenant_id, operation_id FROM integration_operations
    WHERE tenant_id = ?1 AND state <> 'running' AND finished_at_ms < ?2 LIMIT ?3))"};

constexpr Statement delete_rollup{"delete_old_rollup", R"(
  DELETE FROM integration_delivery_rollup WHERE (tenant_id, destination_id, bucket_start_ms) IN (
    SELECT tenant_id, destination_id, bucket_start_ms FROM integration_delivery_rollup
    WHERE tenant_id = ?1 AND bucket_start_ms < ?2 LIMIT ?3))"};

std::int64_t remove_simply(SqliteDatabase& database, const Statement& statement, const TenantId& tenant,
                           UnixTime before, int limit) {
  const auto session = database.writer();
  Transaction transaction{*session};
  const auto removed = Query{*session, statement}.text(tenant.str()).time(before).integer(limit).run();
  transaction.commit();
  return removed;
}

struct OldDelivery {
  DeliveryId id;
  std::string event_id;
};

}  // namespace

delivery::RemovedDeliveries SqliteRetentionStore::remove_deliveries(const TenantId& tenant, UnixTime delivered_before,
                                                                    UnixTime failed_before, const DeliveryId& after,
                                                                    int limit) {
  const auto [from, before] = delivery::id_range({.created_to = std::max(delivered_before, failed_before)});
  delivery::RemovedDeliveries removed;
  const auto session = database_.writer();
  Transaction transaction{*session};
  std::vector<OldDelivery> old;
  {
    Query rows{*session, find_deliveries};
    rows.text(tenant.str()).uuid(after.value).uuid(before).time(delivered_before).time(failed_before).integer(limit);
    while (rows.step()) old.push_back({DeliveryId{rows.uuid_at(0)}, rows.string(1)});
  }
  if (old.empty()) return removed;
  std::set<std::string> events;
  for (const auto& one : old) {
    removed.deliveries += Query{*session, delete_delivery}.text(tenant.str()).uuid(one.id.value).run();
    removed.attempts += Query{*session, delete_attempts}.text(tenant.str()).uuid(one.id.value).run();
    events.insert(one.event_id);
  }
  for (const auto& event : events) removed.events += Query{*session, delete_event}.text(tenant.str()).text(event).run();
  removed.last = old.back().id;
  transaction.commit();
  return removed;
}

std::int64_t SqliteRetentionStore::remove_unrouted_events(const TenantId& tenant, UnixTime received_before, int limit) {
  return remove_simply(database_, delete_unrouted_events, tenant, received_before, limit);
}
std::int64_t SqliteRetentionStore::remove_delivery_events(const TenantId& tenant, UnixTime occurred_before, int limit) {
  return remove_simply(database_, delete_delivery_events, tenant, occurred_before, limit);
}
std::int64_t SqliteRetentionStore::remove_operations(const TenantId& tenant, UnixTime finished_before, int limit) {
  return remove_simply(database_, delete_operations, tenant, finished_before, limit);
}
std::int64_t SqliteRetentionStore::remove_rollup(const TenantId& tenant, UnixTime begun_before, int limit) {
  return remove_simply(database_, delete_rollup, tenant, begun_before, limit);
}

}  // namespace opi::sqlite
