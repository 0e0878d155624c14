#include "sqlite/sqlite_event_query.hpp"

#include <stdexcept>

#include "sqlite/query.hpp"

namespace opi::sqlite {
namespace {

using delivery::EventView;

// By time.
constexpr Statement list_events{"list_events", R"(
  SELECT event_id, event_type, schema_version, source, event_timestamp, correlation_id, causation_id, alert_id,
         evidence_id, ticket_id, producer, received_at_ms, length(delivery_ids) / 16
  FROM integration_events INDEXED BY integration_events_by_time
  WHERE tenant_id = ?1 AND received_at_ms >= ?2 AND (received_at_ms, event_id) < (?3, ?4)
    AND (?6 IS NULL OR event_type = ?6) AND (?7 IS NULL OR source = ?7) AND (?8 IS NULL OR producer = ?8)
  ORDER BY received_at_ms DESC, event_id DESC LIMIT ?5)"};

// Those that are named, each by its index: ?9 to ?12 are correlation, alert, evidence and ticket id, ?13 is a key.
constexpr Statement list_named_events{"list_named_events", R"(
  WITH found (event_id) AS (
    SELECT event_id FROM integration_deliveries WHERE tenant_id = ?1 AND idempotency_key = ?13
    UNION
    SELECT event_id FROM integration_outbox WHERE tenant_id = ?1 AND idempotency_key = ?13
    UNION
    SELECT event_id FROM integration_events
    WHERE ?13 IS NULL AND tenant_id = ?1 AND correlation_id = ?9 AND correlation_id <> ''
    UNION
    SELECT event_id FROM integration_events
    WHERE coalesce(?13, ?9) IS NULL AND tenant_id = ?1 AND alert_id = ?10 AND alert_id <> ''
    UNION
    SELECT event_id FROM integration_events
    WHERE coalesce(?13, ?9, ?10) IS NULL AND tenant_id = ?1 AND evidence_id = ?11 AND evidence_id <> ''
    UNION
    SELECT event_id FROM integration_events
    WHERE coalesce(?13, ?9, ?10, ?11) IS NULL AND tenant_id = ?1 AND ticket_id = ?12 AND ticket_id <> ''
  )
  SELECT e.event_id, event_type, schema_version, source, event_timestamp, correlation_id, causation_id, alert_id,
         evidence_id, ticket_id, producer, received_at_ms, length(delivery_ids) / 16
  FROM found CROSS JOIN integration_events e ON e.tenant_id = ?1 AND e.event_id = found.event_id
  WHERE received_at_ms >= ?2 AND (received_at_ms, e.event_id) < (?3, ?4)
    AND (?6 IS NULL OR event_type = ?6) AND (?7 IS NULL OR source = ?7) AND (?8 IS NULL OR producer = ?8)
    AND (?9 IS NULL OR correlation_id = ?9) AND (?10 IS NULL OR alert_id = ?10) AND (?11 IS NULL OR evidence_id = ?11)
    AND (?12 IS NULL OR ticket_id = ?12)
  ORDER BY received_at_ms DESC, e.event_id DESC LIMIT ?5)"};

constexpr Statement find_event{"find_event", R"(
  SELECT event_id, event_type, schema_version, source, event_timestamp, correlation_id, causation_id, alert_id,
         evidence_id, ticket_id, producer, received_at_ms, length(delivery_ids) / 16
  FROM integration_events WHERE tenant_id = ? AND event_id = ?)"};

constexpr Statement find_payload{"find_payload",
                                 "SELECT payload FROM integration_events WHERE tenant_id = ? AND event_id = ?"};

constexpr std::int64_t micros_a_milli = 1'000;

// At or after `micros`, as this store keeps it.
std::int64_t millis_from(delivery::DueTime micros) {
  if (micros == delivery::due_since_ever || micros == delivery::due_never) return micros;
  return micros / micros_a_milli + (micros % micros_a_milli > 0 ? 1 : 0);
}

EventView event_view(const Query& row, const TenantId& tenant) {
  EventView view;
  view.event.tenant_id = tenant;
  view.event.event_id = EventId::parse(row.view(0)).value();
  int column = 1;
  auto& event = view.event;
  for (std::string* field :
       {&event.event_type, &event.schema_version, &event.source, &event.timestamp, &event.correlation_id,
        &event.causation_id, &event.alert_id, &event.evidence_id, &event.ticket_id, &event.producer})
    *field = row.string(column++);
  view.received_at = row.int8(11) * micros_a_milli;
  view.deliveries = row.int4(12);
  return view;
}

}  // namespace

std::vector<EventView> SqliteEventQuery::list(const TenantId& tenant, const delivery::EventFilter& filter) {
  if (filter.limit < 1 || filter.limit > 200) throw std::invalid_argument("limit must be from 1 to 200");
  const auto [from, end] = filter.range();
  const bool named =
      filter.idempotency_key || filter.correlation_id || filter.alert_id || filter.evidence_id || filter.ticket_id;
  const auto session = database_.reader();
  Query rows{*session, named ? list_named_events : list_events};
  rows.text(tenant.str())
      .integer(millis_from(from))
      .integer(millis_from(end.received_at))
      .text(end.event_id)
      .integer(filter.limit)
      .optional_text(filter.event_type)
      .optional_text(filter.source)
      .optional_text(filter.producer);
  if (named) {
    for (const auto* reference : {&filter.correlation_id, &filter.alert_id, &filter.evidence_id, &filter.ticket_id})
      rows.optional_text(*reference);
    if (filter.idempotency_key)
      rows.blob(filter.idempotency_key->bytes);
    else
      rows.null();
  }
  std::vector<EventView> views;
  while (rows.step()) views.push_back(event_view(rows, tenant));
  return views;
}

std::optional<EventView> SqliteEventQuery::find(const TenantId& tenant, const EventId& event) {
  const auto session = database_.reader();
  Query row{*session, find_event};
  if (!row.text(tenant.str()).text(event.str()).step()) return std::nullopt;
  return event_view(row, tenant);
}

std::optional<std::string> SqliteEventQuery::payload(const TenantId& tenant, const EventId& event) {
  const auto session = database_.reader();
  Query row{*session, find_payload};
  return row.text(tenant.str()).text(event.str()).step() ? std::optional{row.string(0)} : std::nullopt;
}

}  // namespace opi::sqlite
