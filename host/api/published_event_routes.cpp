#include "api/published_event_routes.hpp"

#include <boost/json/array.hpp>

#include "api/administration_answers.hpp"
#include "api/audit_entry.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr int shown_deliveries = 200;

UnixTime in_millis(delivery::DueTime micros) {
  return UnixTime{std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds{micros})};
}

template <std::size_t Longest>
std::optional<std::string> parse_text(std::string_view text) {
  return text.empty() || text.size() > Longest ? std::nullopt : std::optional<std::string>{text};
}

json::object event_view(const delivery::EventView& view) {
  const auto& event = view.event;
  return {{"event_id", event.event_id.str()},
          {"event_type", event.event_type},
          {"schema_version", event.schema_version},
          {"source", event.source},
          {"timestamp", event.timestamp},
          {"correlation_id", or_null(event.correlation_id)},
          {"causation_id", or_null(event.causation_id)},
          {"alert_id", or_null(event.alert_id)},
          {"evidence_id", or_null(event.evidence_id)},
          {"ticket_id", or_null(event.ticket_id)},
          {"producer", or_null(event.producer)},
          {"received_at", to_rfc3339(in_millis(view.received_at))},
          {"delivery_count", view.deliveries}};
}

Response list(const Request& request, delivery::EventQuery& events) {
  delivery::EventFilter filter;
  read_parameters(
      request,
      {"event_type", "source", "producer", "correlation_id", "alert_id", "evidence_id", "ticket_id", "idempotency_key",
       "received_from", "received_to", "cursor", "limit"},
      [&](ParameterReader& reader) {
        filter.event_type = reader.one("event_type", "must be an event type", parse_event_type);
        filter.source = reader.one("source", "must be 1 to 256 bytes", parse_text<EventLimits::source_length>);
        filter.producer = reader.one("producer", "must be <kind>:<id>, such as token:opi_1a2b",
                                     parse_text<EventLimits::producer_length>);
        filter.correlation_id = reader.one("correlation_id", "must be 1 to 128 bytes", parse_reference);
        filter.alert_id = reader.one("alert_id", "must be 1 to 128 bytes", parse_reference);
        filter.evidence_id = reader.one("evidence_id", "must be 1 to 128 bytes", parse_reference);
        filter.ticket_id = reader.one("ticket_id", "must be 1 to 128 bytes", parse_reference);
        filter.idempotency_key =
            reader.one("idempotency_key", "must be 64 hex digits in lower case", parse_idempotency_key);
        filter.received_from = reader.one("received_from", "must be RFC 3339", parse_rfc3339);
        filter.received_to = reader.one("received_to", "must be RFC 3339", parse_rfc3339);
        filter.before = reader.one("cursor", "must be next_cursor of an earlier page", delivery::EventPlace::parse);
        filter.limit = reader.one("limit", "must be 1 to 200", parse_limit).value_or(default_page);
      });
  const auto page = events.list(request.tenant, filter);
  json::array rows;
  for (const auto& one : page) rows.push_back(event_view(one));
  json::value next(nullptr);
  if (page.size() == static_cast<std::size_t>(filter.limit))
    next = delivery::EventPlace{page.back().received_at, page.back().event.event_id.str()}.to_string();
  return json_answer({{"events", std::move(rows)}, {"next_cursor", std::move(next)}});
}

Response show(const Request& request, delivery::EventQuery& events, delivery::DeliveryQuery& deliveries,
              const Catalog& catalog, const DestinationRuntime& runtime) {
  refuse_parameters(request);
  const auto id = EventId::parse(request.parameters.at(0));
  const auto found = id ? events.find(request.tenant, *id) : std::nullopt;
  if (!found) throw ProblemError(not_found());
  delivery::DeliveryFilter filter;
  filter.event_id = *id;
  filter.limit = shown_deliveries;
  const auto made = deliveries.list(request.tenant, filter);
  std::vector<DestinationId> destinations;
  for (const auto& one : made) destinations.push_back(one.destination);
  const auto holds = runtime.holds(catalog, destinations);
  json::array rows;
  for (const auto& one : made) rows.push_back(view_of(one, holds));
  auto answer = event_view(*found);
  answer["deliveries"] = std::move(rows);
  return json_answer(answer);
}

// On record before it is told: a reading that cannot be written down does not happen.
Response show_payload(const Request& request, delivery::EventQuery& events, audit::AuditLog& log, const Clock& clock,
                      const PayloadsOpen& open) {
  refuse_parameters(request);
  if (!open(request.tenant))
    throw ProblemError(forbidden("Payloads of this tenant are closed: payloads.readable_tenants does not name it"));
  const auto id = EventId::parse(request.parameters.at(0));
  const auto found = id ? events.find(request.tenant, *id) : std::nullopt;
  auto payload = found ? events.payload(request.tenant, *id) : std::nullopt;
  if (!payload) throw ProblemError(not_found());
  json::object details{{"event_id", id->str()}};
  const auto& event = found->event;
  for (const auto& [name, value] :
       {std::pair{"alert_id", &event.alert_id}, {"evidence_id", &event.evidence_id}, {"ticket_id", &event.ticket_id}})
    if (!value->empty()) details[name] = *value;
  auto entry = audit_entry(request, clock.unix_now(), audit::Action::payload_read, "event:" + id->str(), details);
  entry.correlation_id = event.correlation_id;
  log.append({entry});
  return json_answer({{"event_id", id->str()}, {"payload", std::move(*payload)}});
}

}  // namespace

void add_published_event_routes(RouteTable& routes, delivery::EventQuery& events, delivery::DeliveryQuery& deliveries,
                                delivery::CatalogCache& catalog, audit::AuditLog& log, DestinationRuntime runtime,
                                const Clock& clock, PayloadsOpen open) {
  routes.add({"GET", "/api/v1/events", Action::read_deliveries,
              [&](const Request& request) { return list(request, events); }});
  routes.add({"GET", "/api/v1/events/{id}", Action::read_deliveries,
              [&, runtime = std::move(runtime)](const Request& request) {
                return show(request, events, deliveries, *catalog.current(), runtime);
              }});
  routes.add({"GET", "/api/v1/events/{id}/payload", Action::read_payloads,
              [&, open = std::move(open)](const Request& request) {
                return show_payload(request, events, log, clock, open);
              }});
}

}  // namespace opi::api
