#include "postgres/postgres_event_query.hpp"

#include <stdexcept>

namespace opi::postgres {
namespace {

using delivery::EventView;

constexpr Statement list_events{"list_events", R"(
  SELECT event_id, event_type, schema_version, source, event_timestamp, correlation_id, causation_id, alert_id,
         evidence_id, ticket_id, producer, received_at, cardinality(delivery_ids)
  FROM integration_events
  WHERE tenant_id = $1::text AND received_at > '-infinity' AND received_at >= $2::timestamptz
    AND (received_at, event_id) < ($3::timestamptz, $4::text)
    AND ($5::text IS NULL OR event_type = $5::text) AND ($6::text IS NULL OR source = $6::text)
    AND ($7::text IS NULL OR producer = $7::text)
    AND ($8::text IS NULL OR correlation_id = $8::text AND correlation_id <> '')
    AND ($9::text IS NULL OR alert_id = $9::text AND alert_id <> '')
    AND ($10::text IS NULL OR evidence_id = $10::text AND evidence_id <> '')
    AND ($11::text IS NULL OR ticket_id = $11::text AND ticket_id <> '')
    AND ($12::bytea IS NULL OR event_id IN (SELECT v.event_id FROM integration_delivery_view v
                                            WHERE v.tenant_id = $1::text AND v.idempotency_key = $12::bytea))
  ORDER BY received_at DESC, event_id DESC LIMIT $13::int)"};

constexpr Statement find_event{"find_event", R"(
  SELECT event_id, event_type, schema_version, source, event_timestamp, correlation_id, causation_id, alert_id,
         evidence_id, ticket_id, producer, received_at, cardinality(delivery_ids)
  FROM integration_events WHERE tenant_id = $1::text AND event_id = $2::text)"};

constexpr Statement find_payload{
    "find_payload", "SELECT payload FROM integration_events WHERE tenant_id = $1::text AND event_id = $2::text"};

EventView event_view(const Rows& rows, int row, const TenantId& tenant) {
  EventView view;
  view.event.tenant_id = tenant;
  view.event.event_id = EventId::parse(rows.text(row, 0)).value();
  int column = 1;
  auto& event = view.event;
  for (std::string* field :
       {&event.event_type, &event.schema_version, &event.source, &event.timestamp, &event.correlation_id,
        &event.causation_id, &event.alert_id, &event.evidence_id, &event.ticket_id, &event.producer})
    *field = rows.string(row, column++);
  view.received_at = rows.unix_micros(row, 11);
  view.deliveries = rows.int4(row, 12);
  return view;
}

}  // namespace

std::vector<EventView> PostgresEventQuery::list(const TenantId& tenant, const delivery::EventFilter& filter) {
  if (filter.limit < 1 || filter.limit > 200) throw std::invalid_argument("limit must be from 1 to 200");
  const auto [from, end] = filter.range();
  Parameters parameters;
  parameters.text(tenant.str()).micros(from).micros(end.received_at).text(end.event_id);
  for (const auto* text : {&filter.event_type, &filter.source, &filter.producer, &filter.correlation_id,
                           &filter.alert_id, &filter.evidence_id, &filter.ticket_id})
    parameters.optional_text(*text);
  if (filter.idempotency_key)
    parameters.bytes(filter.idempotency_key->bytes);
  else
    parameters.null();
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(list_events, parameters.int4(filter.limit));
  std::vector<EventView> views;
  for (int i = 0; i < rows.size(); ++i) views.push_back(event_view(rows, i, tenant));
  return views;
}

std::optional<EventView> PostgresEventQuery::find(const TenantId& tenant, const EventId& event) {
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(find_event, Parameters{}.text(tenant.str()).text(event.str()));
  if (rows.empty()) return std::nullopt;
  return event_view(rows, 0, tenant);
}

std::optional<std::string> PostgresEventQuery::payload(const TenantId& tenant, const EventId& event) {
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(find_payload, Parameters{}.text(tenant.str()).text(event.str()));
  return rows.empty() ? std::nullopt : std::optional{rows.string(0, 0)};
}

}  // namespace opi::postgres
