#include "postgres/postgres_alert_store.hpp"

#include <algorithm>

#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::DestinationTrouble;

// Of each destination the end of its range of the rollup; the failures behind the last step in which something was
// delivered; its dead letters, up to so many; and its memory. What is not in trouble stays out.
constexpr Statement select_troubles{"read_troubles", R"(
  SELECT * FROM (
    SELECT d.destination_id, f.since, l.last_at, f.failures, l.last_http_status,
           (SELECT count(*) FROM (
              SELECT FROM integration_deliveries c
              WHERE c.tenant_id = $1::text AND c.destination_id = d.destination_id AND c.state = 'dead_lettered'
              LIMIT $3::bigint) counted) AS parked,
           m.held_cause, m.held_since, m.held_detail,
           CASE WHEN m.probe_at IS NOT NULL THEN m.tripped_since END AS tripped_since,
           CASE WHEN m.paused_until > now() THEN m.paused_since END AS paused_since
    FROM integration_destinations d
    LEFT JOIN integration_destination_memory m ON m.destination_id = d.destination_id
    LEFT JOIN LATERAL (
      SELECT r.last_at, r.last_state, r.last_http_status FROM integration_delivery_rollup r
      WHERE r.tenant_id = $1::text AND r.destination_id = d.destination_id AND r.bucket_start >= $2::timestamptz
      ORDER BY r.bucket_start DESC LIMIT 1) l ON true
    LEFT JOIN LATERAL (
      SELECT min(r.bucket_start) AS since, sum(r.failed + r.dead_lettered + r.retried)::bigint AS failures
      FROM integration_delivery_rollup r
      WHERE l.last_state <> 'delivered' AND r.tenant_id = $1::text AND r.destination_id = d.destination_id
        AND r.bucket_start >= $2::timestamptz
        AND r.bucket_start > coalesce((
          SELECT s.bucket_start FROM integration_delivery_rollup s
          WHERE s.tenant_id = $1::text AND s.destination_id = d.destination_id
            AND s.bucket_start >= $2::timestamptz AND s.delivered > 0
          ORDER BY s.bucket_start DESC LIMIT 1), '-infinity')) f ON true
    WHERE d.tenant_id = $1::text) t
  WHERE failures > 0 OR parked > 0 OR held_cause IS NOT NULL OR tripped_since IS NOT NULL OR paused_since IS NOT NULL)"};

#define OPI_ALERT_COLUMNS \
  "alert_id, destination_id, kind, detail, since, raised_at, gone_since, cleared_at, owed, recipients"

constexpr Statement select_known{"read_known_alerts", "SELECT " OPI_ALERT_COLUMNS R"(
  FROM integration_alerts WHERE tenant_id = $1::text
    AND (cleared_at IS NULL OR owed <> '' OR raised_at >= $2::timestamptz)
  ORDER BY raised_at, alert_id)"};

constexpr Statement select_active{"list_active_alerts", "SELECT " OPI_ALERT_COLUMNS R"(
  FROM integration_alerts WHERE tenant_id = $1::text AND cleared_at IS NULL
  ORDER BY raised_at DESC, alert_id DESC LIMIT $2::int)"};

constexpr Statement select_cleared{"list_cleared_alerts", "SELECT " OPI_ALERT_COLUMNS R"(
  FROM integration_alerts WHERE tenant_id = $1::text AND cleared_at IS NOT NULL
  ORDER BY cleared_at DESC, alert_id DESC LIMIT $2::int)"};

#undef OPI_ALERT_COLUMNS

constexpr Statement insert_alert{"insert_alert", R"(
  INSERT INTO integration_alerts (tenant_id, alert_id, destination_id, kind, detail, since, raised_at, owed, recipients)
  VALUES ($1::text, $2::uuid, $3::uuid, $4::text, $5::text, $6::timestamptz, $7::timestamptz, $8::text, $9::int)
  ON CONFLICT DO NOTHING)"};

constexpr Statement update_alert{"update_alert", R"(
  UPDATE integration_alerts
  SET gone_since = $3::timestamptz, cleared_at = coalesce(cleared_at, $4::timestamptz), owed = $5::text,
      recipients = $6::int, since = $7::timestamptz
  WHERE tenant_id = $1::text AND alert_id = $2::uuid)"};

constexpr Statement delete_cleared{"delete_cleared_alerts", R"(
  WITH old AS MATERIALIZED (
    SELECT alert_id FROM integration_alerts
    WHERE tenant_id = $1::text AND cleared_at < $2::timestamptz ORDER BY cleared_at LIMIT $3::int
  )
  DELETE FROM integration_alerts a USING old WHERE a.tenant_id = $1::text AND a.alert_id = old.alert_id)"};

// Alerts of a kind that a newer version has stored are left to it.
std::vector<Alert> alerts_of(const Rows& rows, const TenantId& tenant) {
  std::vector<Alert> alerts;
  for (int i = 0; i < rows.size(); ++i) {
    const auto kind = parse_alert_kind(rows.text(i, 2));
    if (!kind) continue;
    alerts.push_back({rows.uuid(i, 0), tenant, DestinationId{rows.uuid(i, 1)}, *kind, rows.string(i, 3),
                      rows.time(i, 4), rows.time(i, 5), rows.optional_time(i, 6), rows.optional_time(i, 7),
                      parse_owed(rows.text(i, 8)), rows.int4(i, 9)});
  }
  return alerts;
}

// A cause that a newer version knows is none to this one. What is held has no need of its breaker or pause.
std::optional<Hold> hold_of(const Rows& rows, int row) {
  if (!rows.is_null(row, 6))
    if (const auto cause = parse_hold_cause(rows.text(row, 6)))
      return Hold{*cause, rows.string(row, 8), rows.optional_time(row, 7)};
  if (!rows.is_null(row, 9)) return Hold{HoldCause::breaker_open, "", rows.time(row, 9)};
  if (!rows.is_null(row, 10)) return Hold{HoldCause::paused_by_receiver, "", rows.time(row, 10)};
  return std::nullopt;
}

}  // namespace

std::vector<DestinationTrouble> PostgresAlertStore::troubles(const TenantId& tenant, UnixTime from,
                                                             std::int64_t parked_at_most) {
  auto session = database_.general().borrow();
  const auto rows = session->execute(select_troubles, Parameters{}.text(tenant.str()).time(from).int8(parked_at_most));
  std::vector<DestinationTrouble> troubles;
  for (int i = 0; i < rows.size(); ++i) {
    auto& one = troubles.emplace_back();
    one.destination = DestinationId{rows.uuid(i, 0)};
    if (!rows.is_null(i, 1)) {
      one.streak = {rows.time(i, 1), rows.time(i, 2), rows.int8(i, 3), std::nullopt};
      if (!rows.is_null(i, 4)) one.streak->http_status = rows.int4(i, 4);
    }
    one.parked = rows.int8(i, 5);
    one.hold = hold_of(rows, i);
  }
  return troubles;
}

std::vector<Alert> PostgresAlertStore::known(const TenantId& tenant, UnixTime raised_since) {
  auto session = database_.general().borrow();
  return alerts_of(session->execute(select_known, Parameters{}.text(tenant.str()).time(raised_since)), tenant);
}

void PostgresAlertStore::raise(std::span<const Alert> alerts) {
  if (alerts.empty()) return;
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  for (const auto& one : alerts)
    session->execute(insert_alert, Parameters{}
                                       .text(one.tenant.str())
                                       .uuid(one.id)
                                       .uuid(one.destination.value)
                                       .text(to_string(one.kind))
                                       .text(one.detail)
                                       .time(one.since)
                                       .time(one.raised_at)
                                       .text(to_string(one.owed))
                                       .int4(one.recipients));
  transaction.commit();
}

void PostgresAlertStore::update(std::span<const Alert> alerts) {
  if (alerts.empty()) return;
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  for (const auto& one : alerts)
    session->execute(update_alert, Parameters{}
                                       .text(one.tenant.str())
                                       .uuid(one.id)
                                       .optional_time(one.gone_since)
                                       .optional_time(one.cleared_at)
                                       .text(to_string(one.owed))
                                       .int4(one.recipients)
                                       .time(one.since));
  transaction.commit();
}

std::vector<Alert> PostgresAlertStore::list(const TenantId& tenant, std::optional<bool> active, int limit) {
  limit = std::clamp(limit, 0, most_listed);
  auto session = database_.tenant(tenant);
  std::vector<Alert> alerts;
  if (active.value_or(true))
    alerts = alerts_of(session->execute(select_active, Parameters{}.text(tenant.str()).int4(limit)), tenant);
  if (!active.value_or(false)) {
    const int left = limit - static_cast<int>(alerts.size());
    const auto cleared =
        alerts_of(session->execute(select_cleared, Parameters{}.text(tenant.str()).int4(left)), tenant);
    alerts.insert(alerts.end(), cleared.begin(), cleared.end());
  }
  return alerts;
}

std::int64_t PostgresAlertStore::remove_cleared(const TenantId& tenant, UnixTime cleared_before, int limit) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  const auto removed =
      session->execute(delete_cleared, Parameters{}.text(tenant.str()).time(cleared_before).int4(limit)).affected();
  transaction.commit();
  return removed;
}

}  // namespace opi::postgres
