#include "sqlite/sqlite_delivery_query.hpp"

#include <algorithm>
#include <stdexcept>

#include "sqlite/hex_list.hpp"
#include "sqlite/query.hpp"
#include "sqlite/subject_order.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::DeliveryFilter;
using delivery::DeliveryView;

// One page of each table in the order of its primary key; the pages are merged here, because SQLite sorts a
// UNION ALL as a whole. Lists are JSON arrays, of ids in upper-case hex. Parameters of all: ?1 tenant, ?2 ids from,
// ?3 ids before, ?4 created from, ?5 created before, ?6 event type, ?7 limit; then each one's own.
constexpr Statement list_live{"list_live", R"(
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at_ms, nullif(d.due_at_us, 9223372036854775807) / 1000, NULL,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM integration_outbox d
  CROSS JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = d.tenant_id AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE d.tenant_id = ?1 AND d.delivery_id >= ?2 AND d.delivery_id < ?3
    AND (?4 IS NULL OR d.created_at_ms >= ?4) AND (?5 IS NULL OR d.created_at_ms < ?5)
    AND (?6 IS NULL OR e.event_type = ?6)
    AND (?8 IS NULL OR d.state IN (SELECT value FROM json_each(?8)))
    AND (?9 IS NULL OR hex(d.destination_id) IN (SELECT value FROM json_each(?9)))
    AND (?10 IS NULL OR hex(d.destination_id) NOT IN (SELECT value FROM json_each(?10)))
  ORDER BY d.delivery_id DESC LIMIT ?7)"};

constexpr Statement list_ended{"list_ended", R"(
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at_ms, NULL, d.completed_at_ms,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM integration_deliveries d
  CROSS JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = d.tenant_id AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE d.tenant_id = ?1 AND d.delivery_id >= ?2 AND d.delivery_id < ?3
    AND (?4 IS NULL OR d.created_at_ms >= ?4) AND (?5 IS NULL OR d.created_at_ms < ?5)
    AND (?6 IS NULL OR e.event_type = ?6)
    AND (?8 IS NULL OR d.state IN (SELECT value FROM json_each(?8)))
  ORDER BY d.delivery_id DESC LIMIT ?7)"};

// Through the rare states' own index.
constexpr Statement list_unsuccessful{"list_unsuccessful", R"(
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at_ms, NULL, d.completed_at_ms,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM integration_deliveries d INDEXED BY integration_deliveries_unsuccessful
  CROSS JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = d.tenant_id AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE d.tenant_id = ?1 AND d.delivery_id >= ?2 AND d.delivery_id < ?3
    AND (?4 IS NULL OR d.created_at_ms >= ?4) AND (?5 IS NULL OR d.created_at_ms < ?5)
    AND (?6 IS NULL OR e.event_type = ?6)
    AND d.state = ?8 AND d.state <> 'delivered'
  ORDER BY d.delivery_id DESC LIMIT ?7)"};

constexpr Statement list_at_destination{"list_at_destination", R"(
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at_ms, NULL, d.completed_at_ms,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM integration_deliveries d INDEXED BY integration_deliveries_by_state
  CROSS JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = d.tenant_id AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE d.tenant_id = ?1 AND d.delivery_id >= ?2 AND d.delivery_id < ?3
    AND (?4 IS NULL OR d.created_at_ms >= ?4) AND (?5 IS NULL OR d.created_at_ms < ?5)
    AND (?6 IS NULL OR e.event_type = ?6)
    AND d.state = ?8 AND d.destination_id = ?9
  ORDER BY d.delivery_id DESC LIMIT ?7)"};

// The ids stand with their event, 16 bytes each. One branch a table: SQLite would read a view in full here.
// Each branch of `found` has its index; ?11 to ?15 are event id, correlation, alert, evidence and ticket id.
constexpr Statement list_of_events{"list_of_events", R"(
  WITH RECURSIVE found (event_id) AS (
    SELECT event_id FROM integration_events WHERE tenant_id = ?1 AND event_id = ?11
    UNION ALL
    SELECT event_id FROM integration_events
    WHERE ?11 IS NULL AND tenant_id = ?1 AND correlation_id = ?12 AND correlation_id <> ''
    UNION ALL
    SELECT event_id FROM integration_events
    WHERE coalesce(?11, ?12) IS NULL AND tenant_id = ?1 AND alert_id = ?13 AND alert_id <> ''
    UNION ALL
    SELECT event_id FROM integration_events
    WHERE coalesce(?11, ?12, ?13) IS NULL AND tenant_id = ?1 AND evidence_id = ?14 AND evidence_id <> ''
    UNION ALL
    SELECT event_id FROM integration_events
    WHERE coalesce(?11, ?12, ?13, ?14) IS NULL AND tenant_id = ?1 AND ticket_id = ?15 AND ticket_id <> ''
  ), taken (delivery_ids, at) AS (
    SELECT e.delivery_ids, 1 FROM found CROSS JOIN integration_events e ON e.tenant_id = ?1 AND e.event_id = found.event_id
    WHERE (?6 IS NULL OR e.event_type = ?6) AND (?12 IS NULL OR e.correlation_id = ?12)
      AND (?13 IS NULL OR e.alert_id = ?13) AND (?14 IS NULL OR e.evidence_id = ?14)
      AND (?15 IS NULL OR e.ticket_id = ?15)
    UNION ALL
    SELECT delivery_ids, at + 16 FROM taken WHERE at + 16 < length(delivery_ids)
  ), ids AS MATERIALIZED (
    SELECT substr(delivery_ids, at, 16) AS delivery_id FROM taken WHERE length(delivery_ids) > 0
  ), d AS (
    SELECT o.delivery_id, o.destination_id, o.event_id, o.state, o.attempts, o.idempotency_key, o.created_at_ms,
           nullif(o.due_at_us, 9223372036854775807) / 1000 AS due_at_ms, NULL AS completed_at_ms
    FROM ids CROSS JOIN integration_outbox o ON o.tenant_id = ?1 AND o.delivery_id = ids.delivery_id
    UNION ALL
    SELECT c.delivery_id, c.destination_id, c.event_id, c.state, c.attempts, c.idempotency_key, c.created_at_ms,
           NULL, c.completed_at_ms
    FROM ids CROSS JOIN integration_deliveries c ON c.tenant_id = ?1 AND c.delivery_id = ids.delivery_id
  )
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at_ms, d.due_at_ms, d.completed_at_ms,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM d CROSS JOIN integration_events e ON e.tenant_id = ?1 AND e.event_id = d.event_id
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = ?1 AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE d.delivery_id >= ?2 AND d.delivery_id < ?3 AND (?4 IS NULL OR d.created_at_ms >= ?4)
    AND (?5 IS NULL OR d.created_at_ms < ?5)
    AND (?8 IS NULL OR d.state IN (SELECT value FROM json_each(?8)))
    AND (?9 IS NULL OR hex(d.destination_id) IN (SELECT value FROM json_each(?9)))
    AND (?10 IS NULL OR d.completed_at_ms IS NOT NULL
         OR hex(d.destination_id) NOT IN (SELECT value FROM json_each(?10)))
  ORDER BY d.delivery_id DESC LIMIT ?7)"};

constexpr Statement find_delivery{"find_delivery", R"(
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at_ms, nullif(d.due_at_us, 9223372036854775807) / 1000, d.completed_at_ms,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM integration_delivery_view d
  CROSS JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = d.tenant_id AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE d.tenant_id = ? AND d.delivery_id = ?)"};

constexpr Statement find_by_key{"find_delivery_by_key", R"(
  SELECT delivery_id FROM integration_deliveries WHERE tenant_id = ?1 AND idempotency_key = ?2
  UNION ALL
  SELECT delivery_id FROM integration_outbox WHERE tenant_id = ?1 AND idempotency_key = ?2 LIMIT 1)"};

constexpr Statement list_attempts{"list_attempts", R"(
  SELECT number, started_at_ms, duration_ms, result, http_status, reason, error_summary, response_summary
  FROM integration_delivery_attempts WHERE tenant_id = ? AND delivery_id = ? ORDER BY number)"};

// Reads the narrow rows of the hot table and an index of the cold one.
constexpr Statement count_deliveries{"count_deliveries", R"(
  SELECT destination_id, state, count(*) FROM integration_outbox WHERE tenant_id = ?1 GROUP BY 1, 2
  UNION ALL
  SELECT destination_id, state, count(*) FROM integration_deliveries INDEXED BY integration_deliveries_by_state
  WHERE tenant_id = ?1 GROUP BY 1, 2)"};

DeliveryView view_of(const Query& row, const TenantId& tenant) {
  DeliveryView view;
  view.tenant = tenant;
  view.id = DeliveryId{row.uuid_at(0)};
  view.destination = DestinationId{row.uuid_at(1)};
  view.event_id = EventId::parse(row.view(2)).value();
  view.event_type = row.string(3);
  view.correlation_id = row.string(4);
  view.alert_id = row.string(5);
  view.evidence_id = row.string(6);
  view.ticket_id = row.string(7);
  view.state = parse_delivery_state(row.view(8)).value();
  view.attempts = row.int4(9);
  view.idempotency_key.bytes = row.bytes32(10);
  view.created_at = row.time_at(11);
  view.due_at = row.optional_time_at(12);
  view.completed_at = row.optional_time_at(13);
  view.last_reason = row.string(14);
  if (!row.is_null(15)) view.last_http_status = row.int4(15);
  if (!row.is_null(16)) view.last_result = parse_attempt_result(row.view(16));
  return view;
}

std::optional<std::string> states_json(const std::vector<DeliveryState>& states) {
  if (states.empty()) return std::nullopt;
  std::string list;
  for (const auto state : states) list += (list.empty() ? "[\"" : ",\"") + std::string(to_string(state)) + '"';
  return list + ']';
}

// The statement with its first seven parameters.
void begin(Query& rows, const TenantId& tenant, const DeliveryFilter& filter) {
  const auto [from, before] = delivery::id_range(filter);
  rows.text(tenant.str())
      .uuid(from)
      .uuid(before)
      .optional_time(filter.created_from)
      .optional_time(filter.created_to)
      .optional_text(filter.event_type)
      .integer(filter.limit);
}

void collect(Query& rows, const TenantId& tenant, std::vector<DeliveryView>& views) {
  while (rows.step()) views.push_back(view_of(rows, tenant));
}

void collect_of_events(Connection& connection, const TenantId& tenant, const DeliveryFilter& filter,
                       std::vector<DeliveryView>& views) {
  Query rows{connection, list_of_events};
  begin(rows, tenant, filter);
  rows.optional_text(states_json(filter.states))
      .optional_text(hex_list(filter.destinations))
      .optional_text(hex_list(filter.not_live_at))
      .optional_text(filter.event_id ? std::optional<std::string_view>{filter.event_id->str()} : std::nullopt);
  for (const auto* reference : {&filter.correlation_id, &filter.alert_id, &filter.evidence_id, &filter.ticket_id})
    rows.optional_text(*reference);
  collect(rows, tenant, views);
}

void collect_live(Connection& connection, const TenantId& tenant, const DeliveryFilter& filter,
                  std::vector<DeliveryView>& views) {
  Query rows{connection, list_live};
  begin(rows, tenant, filter);
  rows.optional_text(states_json(filter.states))
      .optional_text(hex_list(filter.destinations))
      .optional_text(hex_list(filter.not_live_at));
  collect(rows, tenant, views);
}

// By whichever index the filter has.
void collect_ended(Connection& connection, const TenantId& tenant, const DeliveryFilter& filter,
                   const std::vector<DeliveryState>& states, std::vector<DeliveryView>& views) {
  if (!filter.destinations.empty()) {
    for (const auto& destination : filter.destinations)
      for (const auto state : states) {
        Query rows{connection, list_at_destination};
        begin(rows, tenant, filter);
        rows.text(to_string(state)).uuid(destination.value);
        collect(rows, tenant, views);
      }
  } else if (std::ranges::find(states, DeliveryState::delivered) == states.end()) {
    for (const auto state : states) {
      Query rows{connection, list_unsuccessful};
      begin(rows, tenant, filter);
      rows.text(to_string(state));
      collect(rows, tenant, views);
    }
  } else {
    Query rows{connection, list_ended};
    begin(rows, tenant, filter);
    rows.optional_text(states_json(filter.states));
    collect(rows, tenant, views);
  }
}

}  // namespace

std::vector<DeliveryView> SqliteDeliveryQuery::list(const TenantId& tenant, const DeliveryFilter& filter) {
  if (filter.limit < 1 || filter.limit > 200) throw std::invalid_argument("limit must be from 1 to 200");
  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  std::vector<DeliveryView> views;
  if (filter.by_event()) {
    collect_of_events(*session, tenant, filter, views);
    return views;
  }
  bool live = false;
  std::vector<DeliveryState> ended;
  for (const auto state : all_delivery_states) {
    if (!filter.states.empty() && std::ranges::find(filter.states, state) == filter.states.end()) continue;
    if (is_terminal(state))
      ended.push_back(state);
    else
      live = true;
  }
  if (live) collect_live(*session, tenant, filter, views);
  if (!ended.empty()) collect_ended(*session, tenant, filter, ended, views);
  std::ranges::sort(views, std::ranges::greater{}, &DeliveryView::id);
  if (views.size() > static_cast<std::size_t>(filter.limit)) views.erase(views.begin() + filter.limit, views.end());
  return views;
}

std::optional<DeliveryView> SqliteDeliveryQuery::find(const TenantId& tenant, const DeliveryId& delivery) {
  const auto session = database_.reader();
  Query row{*session, find_delivery};
  if (!row.text(tenant.str()).uuid(delivery.value).step()) return std::nullopt;
  return view_of(row, tenant);
}

std::optional<DeliveryId> SqliteDeliveryQuery::find(const TenantId& tenant, const IdempotencyKey& key) {
  const auto session = database_.reader();
  Query row{*session, find_by_key};
  return row.text(tenant.str()).blob(key.bytes).step() ? std::optional{DeliveryId{row.uuid_at(0)}} : std::nullopt;
}

std::optional<DeliveryId> SqliteDeliveryQuery::waits_for(const TenantId& tenant, const DeliveryId& delivery) {
  const auto session = database_.reader();
  return waited_for(*session, tenant, delivery);
}

std::vector<Attempt> SqliteDeliveryQuery::attempts(const TenantId& tenant, const DeliveryId& delivery) {
  const auto session = database_.reader();
  Query rows{*session, list_attempts};
  rows.text(tenant.str()).uuid(delivery.value);
  std::vector<Attempt> attempts;
  while (rows.step()) {
    Attempt attempt;
    attempt.number = rows.int4(0);
    attempt.started_at = rows.time_at(1);
    attempt.duration = std::chrono::milliseconds{rows.int8(2)};
    attempt.result = parse_attempt_result(rows.view(3)).value();
    if (!rows.is_null(4)) attempt.http_status = rows.int4(4);
    attempt.reason = rows.string(5);
    attempt.error_summary = rows.string(6);
    attempt.response_summary = rows.string(7);
    attempts.push_back(std::move(attempt));
  }
  return attempts;
}

std::vector<delivery::DeliveryCount> SqliteDeliveryQuery::counts(const TenantId& tenant) {
  const auto session = database_.reader();
  Query rows{*session, count_deliveries};
  rows.text(tenant.str());
  std::vector<delivery::DeliveryCount> counts;
  while (rows.step())
    counts.push_back({DestinationId{rows.uuid_at(0)}, parse_delivery_state(rows.view(1)).value(), rows.int8(2)});
  return counts;
}

}  // namespace opi::sqlite
