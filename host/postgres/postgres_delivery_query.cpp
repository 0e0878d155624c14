#include "postgres/postgres_delivery_query.hpp"

#include <stdexcept>

#include "postgres/filter_parameters.hpp"
#include "postgres/subject_order.hpp"

namespace opi::postgres {
namespace {

using delivery::DeliveryView;

// Each side hands over at most one page in the order of its primary key before attempts are looked up. Parameters: see
// filter_parameters.hpp; of the references none is set here.
constexpr Statement list_deliveries{"list_deliveries", R"(
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at, nullif(d.due_at, 'infinity'), d.completed_at,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM (
    (SELECT o.tenant_id, o.delivery_id, o.destination_id, o.event_id, o.state, o.attempts, o.idempotency_key,
            o.created_at, o.due_at, NULL::timestamptz AS completed_at
     FROM integration_outbox o
     WHERE o.tenant_id = $1::text AND o.delivery_id >= $2::uuid AND o.delivery_id < $3::uuid
       AND ($4::uuid[] IS NULL OR o.destination_id = ANY ($4::uuid[]))
       AND ($5::timestamptz IS NULL OR o.created_at >= $5::timestamptz)
       AND ($6::timestamptz IS NULL OR o.created_at < $6::timestamptz)
       AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM integration_events t WHERE t.tenant_id = o.tenant_id
                                          AND t.event_id = o.event_id AND t.event_type = $7::text))
       AND ($12::text[] IS NULL OR o.state = ANY ($12::text[]))
       AND ($13::uuid[] IS NULL OR o.destination_id <> ALL ($13::uuid[]))
     ORDER BY o.delivery_id DESC LIMIT $14::int)
    UNION ALL
    (SELECT c.tenant_id, c.delivery_id, c.destination_id, c.event_id, c.state, c.attempts, c.idempotency_key,
            c.created_at, NULL::timestamptz, c.completed_at
     FROM integration_deliveries c
     WHERE c.tenant_id = $1::text AND c.delivery_id >= $2::uuid AND c.delivery_id < $3::uuid
       AND ($4::uuid[] IS NULL OR c.destination_id = ANY ($4::uuid[]))
       AND ($5::timestamptz IS NULL OR c.created_at >= $5::timestamptz)
       AND ($6::timestamptz IS NULL OR c.created_at < $6::timestamptz)
       AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM integration_events t WHERE t.tenant_id = c.tenant_id
                                          AND t.event_id = c.event_id AND t.event_type = $7::text))
       AND ($12::text[] IS NULL OR c.state = ANY ($12::text[]))
     ORDER BY c.delivery_id DESC LIMIT $14::int)
  ) d
  JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = d.tenant_id AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE coalesce($8::text, $9::text, $10::text, $11::text) IS NULL
  ORDER BY d.delivery_id DESC LIMIT $14::int)"};

// From the events to their deliveries.
constexpr Statement list_deliveries_of_events{"list_deliveries_of_events", R"(
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at, nullif(d.due_at, 'infinity'), d.completed_at,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM integration_events e
  CROSS JOIN LATERAL unnest(e.delivery_ids) AS i (delivery_id)
  CROSS JOIN LATERAL (SELECT * FROM integration_delivery_view v
                      WHERE v.tenant_id = e.tenant_id AND v.delivery_id = i.delivery_id) d
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = d.tenant_id AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE e.tenant_id = $1::text AND i.delivery_id >= $2::uuid AND i.delivery_id < $3::uuid
    AND ($4::uuid[] IS NULL OR d.destination_id = ANY ($4::uuid[]))
    AND ($5::timestamptz IS NULL OR d.created_at >= $5::timestamptz)
    AND ($6::timestamptz IS NULL OR d.created_at < $6::timestamptz)
    AND ($7::text IS NULL OR e.event_type = $7::text)
    AND ($8::text IS NULL OR e.correlation_id = $8::text AND e.correlation_id <> '')
    AND ($9::text IS NULL OR e.alert_id = $9::text AND e.alert_id <> '')
    AND ($10::text IS NULL OR e.evidence_id = $10::text AND e.evidence_id <> '')
    AND ($11::text IS NULL OR e.ticket_id = $11::text AND e.ticket_id <> '')
    AND ($12::text[] IS NULL OR d.state = ANY ($12::text[]))
    AND ($13::uuid[] IS NULL OR d.destination_id <> ALL ($13::uuid[]) OR d.completed_at IS NOT NULL)
    AND ($15::text IS NULL OR e.event_id = $15::text)
  ORDER BY d.delivery_id DESC LIMIT $14::int)"};

constexpr Statement find_delivery{"find_delivery", R"(
  SELECT d.delivery_id, d.destination_id, d.event_id, e.event_type, e.correlation_id, e.alert_id, e.evidence_id,
         e.ticket_id, d.state, d.attempts, d.idempotency_key, d.created_at, nullif(d.due_at, 'infinity'), d.completed_at,
         coalesce(a.reason, ''), a.http_status, a.result
  FROM integration_delivery_view d
  JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id
  LEFT JOIN integration_delivery_attempts a
    ON a.tenant_id = d.tenant_id AND a.delivery_id = d.delivery_id AND a.number = d.attempts
  WHERE d.tenant_id = $1::text AND d.delivery_id = $2::uuid)"};

constexpr Statement find_by_key{"find_delivery_by_key", R"(
  SELECT delivery_id FROM integration_delivery_view WHERE tenant_id = $1::text AND idempotency_key = $2::bytea)"};

constexpr Statement list_attempts{"list_attempts", R"(
  SELECT number, started_at, duration_ms, result, http_status, reason, error_summary, response_summary
  FROM integration_delivery_attempts WHERE tenant_id = $1::text AND delivery_id = $2::uuid ORDER BY number)"};

// Reads the narrow rows of the hot table and an index of the cold one.
constexpr Statement count_deliveries{"count_deliveries", R"(
  SELECT destination_id, state, count(*) FROM integration_outbox WHERE tenant_id = $1::text GROUP BY 1, 2
  UNION ALL
  SELECT destination_id, state, count(*) FROM integration_deliveries WHERE tenant_id = $1::text GROUP BY 1, 2)"};

DeliveryView view_of(const Rows& rows, int row, const TenantId& tenant) {
  DeliveryView view;
  view.tenant = tenant;
  view.id = DeliveryId{rows.uuid(row, 0)};
  view.destination = DestinationId{rows.uuid(row, 1)};
  view.event_id = EventId::parse(rows.text(row, 2)).value();
  view.event_type = rows.string(row, 3);
  view.correlation_id = rows.string(row, 4);
  view.alert_id = rows.string(row, 5);
  view.evidence_id = rows.string(row, 6);
  view.ticket_id = rows.string(row, 7);
  view.state = parse_delivery_state(rows.text(row, 8)).value();
  view.attempts = rows.int4(row, 9);
  view.idempotency_key.bytes = rows.bytes32(row, 10);
  view.created_at = rows.time(row, 11);
  view.due_at = rows.optional_time(row, 12);
  view.completed_at = rows.optional_time(row, 13);
  view.last_reason = rows.string(row, 14);
  if (!rows.is_null(row, 15)) view.last_http_status = rows.int4(row, 15);
  if (!rows.is_null(row, 16)) view.last_result = parse_attempt_result(rows.text(row, 16));
  return view;
}

}  // namespace

std::vector<DeliveryView> PostgresDeliveryQuery::list(const TenantId& tenant, const delivery::DeliveryFilter& filter) {
  if (filter.limit < 1 || filter.limit > 200) throw std::invalid_argument("limit must be from 1 to 200");
  auto parameters = filter_parameters(tenant, filter);
  ArrayParameter states{ArrayParameter::Element::text};
  for (const auto state : filter.states) states.add(to_string(state));
  if (filter.states.empty())
    parameters.null();
  else
    parameters.array(states);
  add_list(parameters, filter.not_live_at);
  parameters.int4(filter.limit);
  if (filter.by_event())
    parameters.optional_text(filter.event_id ? std::optional<std::string_view>{filter.event_id->str()} : std::nullopt);
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(filter.by_event() ? list_deliveries_of_events : list_deliveries, parameters);
  std::vector<DeliveryView> views;
  for (int i = 0; i < rows.size(); ++i) views.push_back(view_of(rows, i, tenant));
  return views;
}

std::optional<DeliveryView> PostgresDeliveryQuery::find(const TenantId& tenant, const DeliveryId& delivery) {
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(find_delivery, Parameters{}.text(tenant.str()).uuid(delivery.value));
  if (rows.empty()) return std::nullopt;
  return view_of(rows, 0, tenant);
}

std::optional<DeliveryId> PostgresDeliveryQuery::find(const TenantId& tenant, const IdempotencyKey& key) {
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(find_by_key, Parameters{}.text(tenant.str()).bytes(key.bytes));
  return rows.empty() ? std::nullopt : std::optional{DeliveryId{rows.uuid(0, 0)}};
}

std::optional<DeliveryId> PostgresDeliveryQuery::waits_for(const TenantId& tenant, const DeliveryId& delivery) {
  auto session = database_.tenant(tenant);
  return waited_for(*session, tenant, delivery);
}

std::vector<Attempt> PostgresDeliveryQuery::attempts(const TenantId& tenant, const DeliveryId& delivery) {
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(list_attempts, Parameters{}.text(tenant.str()).uuid(delivery.value));
  std::vector<Attempt> attempts;
  for (int i = 0; i < rows.size(); ++i) {
    Attempt attempt;
    attempt.number = rows.int4(i, 0);
    attempt.started_at = rows.time(i, 1);
    attempt.duration = std::chrono::milliseconds{rows.int8(i, 2)};
    attempt.result = parse_attempt_result(rows.text(i, 3)).value();
    if (!rows.is_null(i, 4)) attempt.http_status = rows.int4(i, 4);
    attempt.reason = rows.string(i, 5);
    attempt.error_summary = rows.string(i, 6);
    attempt.response_summary = rows.string(i, 7);
    attempts.push_back(std::move(attempt));
  }
  return attempts;
}

std::vector<delivery::DeliveryCount> PostgresDeliveryQuery::counts(const TenantId& tenant) {
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(count_deliveries, Parameters{}.text(tenant.str()));
  std::vector<delivery::DeliveryCount> counts;
  for (int i = 0; i < rows.size(); ++i)
    counts.push_back({DestinationId{rows.uuid(i, 0)}, parse_delivery_state(rows.text(i, 1)).value(), rows.int8(i, 2)});
  return counts;
}

}  // namespace opi::postgres
