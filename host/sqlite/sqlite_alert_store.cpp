#include "sqlite/sqlite_alert_store.hpp"

#include <algorithm>

#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::DestinationTrouble;

constexpr Statement select_destinations{"read_destination_memories", R"(
  SELECT d.destination_id, m.held_cause, m.held_since_ms, m.held_detail,
         CASE WHEN m.probe_at_ms IS NOT NULL THEN m.tripped_since_ms END, m.paused_since_ms, m.paused_until_ms
  FROM integration_destinations d LEFT JOIN integration_destination_memory m ON m.destination_id = d.destination_id
  WHERE d.tenant_id = ?)"};

constexpr Statement select_last{"read_last_settlement", R"(
  SELECT last_at_ms, last_state, last_http_status FROM integration_delivery_rollup
  WHERE tenant_id = ? AND destination_id = ? AND bucket_start_ms >= ? ORDER BY bucket_start_ms DESC LIMIT 1)"};

// Behind the last step in which something was delivered.
constexpr Statement sum_failures{"sum_failures_in_a_row", R"(
  SELECT min(bucket_start_ms), sum(failed + dead_lettered + retried) FROM integration_delivery_rollup
  WHERE tenant_id = ?1 AND destination_id = ?2 AND bucket_start_ms >= ?3
    AND bucket_start_ms > coalesce((
      SELECT bucket_start_ms FROM integration_delivery_rollup
      WHERE tenant_id = ?1 AND destination_id = ?2 AND bucket_start_ms >= ?3 AND delivered > 0
      ORDER BY bucket_start_ms DESC LIMIT 1), -1))"};

constexpr Statement count_parked{"count_parked_up_to", R"(
  SELECT count(*) FROM (
    SELECT 1 FROM integration_deliveries INDEXED BY integration_deliveries_by_state
    WHERE tenant_id = ? AND destination_id = ? AND state = 'dead_lettered' LIMIT ?))"};

#define OPI_ALERT_COLUMNS                                                                                \
  "alert_id, destination_id, kind, detail, since_ms, raised_at_ms, gone_since_ms, cleared_at_ms, owed, " \
  "recipients"

constexpr Statement select_known{"read_known_alerts", "SELECT " OPI_ALERT_COLUMNS R"(
  FROM integration_alerts WHERE tenant_id = ?1 AND (cleared_at_ms IS NULL OR owed <> '' OR raised_at_ms >= ?2)
  ORDER BY raised_at_ms, alert_id)"};

constexpr Statement select_active{"list_active_alerts", "SELECT " OPI_ALERT_COLUMNS R"(
  FROM integration_alerts WHERE tenant_id = ? AND cleared_at_ms IS NULL
  ORDER BY raised_at_ms DESC, alert_id DESC LIMIT ?)"};

constexpr Statement select_cleared{"list_cleared_alerts", "SELECT " OPI_ALERT_COLUMNS R"(
  FROM integration_alerts WHERE tenant_id = ? AND cleared_at_ms IS NOT NULL
  ORDER BY cleared_at_ms DESC, alert_id DESC LIMIT ?)"};

#undef OPI_ALERT_COLUMNS

constexpr Statement insert_alert{"insert_alert", R"(
  INSERT INTO integration_alerts (tenant_id, alert_id, destination_id, kind, detail, since_ms, raised_at_ms, owed,
    recipients)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING)"};

constexpr Statement update_alert{"update_alert", R"(
  UPDATE integration_alerts
  SET since_ms = ?, gone_since_ms = ?, cleared_at_ms = coalesce(cleared_at_ms, ?), owed = ?, recipients = ?
  WHERE tenant_id = ? AND alert_id = ?)"};

constexpr Statement delete_cleared{"delete_cleared_alerts", R"(
  DELETE FROM integration_alerts WHERE tenant_id = ?1 AND alert_id IN (
    SELECT alert_id FROM integration_alerts
    WHERE tenant_id = ?1 AND cleared_at_ms < ?2 ORDER BY cleared_at_ms LIMIT ?3))"};

std::optional<DestinationTrouble::Streak> streak_of(Connection& connection, const TenantId& tenant,
                                                    const DestinationId& id, UnixTime from) {
  DestinationTrouble::Streak streak;
  {
    Query last{connection, select_last};
    if (!last.text(tenant.str()).uuid(id.value).time(from).step() || last.view(1) == "delivered") return std::nullopt;
    streak.last = last.time_at(0);
    if (!last.is_null(2)) streak.http_status = last.int4(2);
  }
  Query sum{connection, sum_failures};
  if (!sum.text(tenant.str()).uuid(id.value).time(from).step() || sum.is_null(0) || sum.int8(1) == 0)
    return std::nullopt;
  streak.since = sum.time_at(0);
  streak.failures = sum.int8(1);
  return streak;
}

// A cause that a newer version knows is none to this one. What is held has no need of its breaker or pause.
std::optional<Hold> hold_of(const Query& row, UnixTime now) {
  if (!row.is_null(1))
    if (const auto cause = parse_hold_cause(row.view(1))) return Hold{*cause, row.string(3), row.optional_time_at(2)};
  if (!row.is_null(4)) return Hold{HoldCause::breaker_open, "", row.time_at(4)};
  if (!row.is_null(5) && row.time_at(6) > now) return Hold{HoldCause::paused_by_receiver, "", row.time_at(5)};
  return std::nullopt;
}

std::vector<Alert> alerts_of(Query& rows, const TenantId& tenant) {
  std::vector<Alert> alerts;
  while (rows.step()) {
    const auto kind = parse_alert_kind(rows.view(2));
    if (!kind) continue;  // a newer version's, and left to it
    alerts.push_back({rows.uuid_at(0), tenant, DestinationId{rows.uuid_at(1)}, *kind, rows.string(3), rows.time_at(4),
                      rows.time_at(5), rows.optional_time_at(6), rows.optional_time_at(7), parse_owed(rows.view(8)),
                      rows.int4(9)});
  }
  return alerts;
}

}  // namespace

std::vector<DestinationTrouble> SqliteAlertStore::troubles(const TenantId& tenant, UnixTime from,
                                                           std::int64_t parked_at_most) {
  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  std::vector<DestinationTrouble> all;
  {
    Query rows{*session, select_destinations};
    rows.text(tenant.str());
    while (rows.step()) {
      auto& one = all.emplace_back();
      one.destination = DestinationId{rows.uuid_at(0)};
      one.hold = hold_of(rows, clock_.unix_now());
    }
  }
  for (auto& one : all) {
    one.streak = streak_of(*session, tenant, one.destination, from);
    Query parked{*session, count_parked};
    if (parked.text(tenant.str()).uuid(one.destination.value).integer(parked_at_most).step())
      one.parked = parked.int8(0);
  }
  std::erase_if(all, [](const auto& one) { return !one.streak && one.parked == 0 && !one.hold; });
  return all;
}

std::vector<Alert> SqliteAlertStore::known(const TenantId& tenant, UnixTime raised_since) {
  const auto session = database_.reader();
  Query rows{*session, select_known};
  rows.text(tenant.str()).time(raised_since);
  return alerts_of(rows, tenant);
}

void SqliteAlertStore::raise(std::span<const Alert> alerts) {
  if (alerts.empty()) return;
  const auto session = database_.writer();
  Transaction transaction{*session};
  for (const auto& one : alerts)
    Query{*session, insert_alert}
        .text(one.tenant.str())
        .uuid(one.id)
        .uuid(one.destination.value)
        .text(to_string(one.kind))
        .text(one.detail)
        .time(one.since)
        .time(one.raised_at)
        .text(to_string(one.owed))
        .integer(one.recipients)
        .run();
  transaction.commit();
}

void SqliteAlertStore::update(std::span<const Alert> alerts) {
  if (alerts.empty()) return;
  const auto session = database_.writer();
  Transaction transaction{*session};
  for (const auto& one : alerts)
    Query{*session, update_alert}
        .time(one.since)
        .optional_time(one.gone_since)
        .optional_time(one.cleared_at)
        .text(to_string(one.owed))
        .integer(one.recipients)
        .text(one.tenant.str())
        .uuid(one.id)
        .run();
  transaction.commit();
}

std::vector<Alert> SqliteAlertStore::list(const TenantId& tenant, std::optional<bool> active, int limit) {
  limit = std::clamp(limit, 0, most_listed);
  const auto session = database_.reader();
  const auto read = [&](const Statement& statement, int most) {
    Query rows{*session, statement};
    rows.text(tenant.str()).integer(most);
    return alerts_of(rows, tenant);
  };
  std::vector<Alert> alerts;
  if (active.value_or(true)) alerts = read(select_active, limit);
  if (!active.value_or(false)) {
    const auto cleared = read(select_cleared, limit - static_cast<int>(alerts.size()));
    alerts.insert(alerts.end(), cleared.begin(), cleared.end());
  }
  return alerts;
}

std::int64_t SqliteAlertStore::remove_cleared(const TenantId& tenant, UnixTime cleared_before, int limit) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto removed = Query{*session, delete_cleared}.text(tenant.str()).time(cleared_before).integer(limit).run();
  transaction.commit();
  return removed;
}

}  // namespace opi::sqlite
