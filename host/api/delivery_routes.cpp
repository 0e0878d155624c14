#include "api/delivery_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "api/problem.hpp"
#include "api/timestamp.hpp"
#include "crypto/digest.hpp"
#include "domain/event.hpp"
#include "domain/redaction.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr int max_page = 200;

json::string_view text(std::string_view view) { return {view.data(), view.size()}; }

json::value or_null(const std::string& value) { return value.empty() ? json::value(nullptr) : json::value(value); }
json::value or_null(const std::optional<UnixTime>& time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

json::object view_of(const delivery::DeliveryView& delivery) {
  return {{"delivery_id", delivery.id.to_string()},
          {"destination_id", delivery.destination.to_string()},
          {"event_id", delivery.event_id.str()},
          {"event_type", delivery.event_type},
          {"state", text(to_string(delivery.state))},
          {"attempts", delivery.attempts},
          {"idempotency_key", crypto::to_hex(delivery.idempotency_key.bytes)},
          {"correlation_id", or_null(delivery.correlation_id)},
          {"alert_id", or_null(delivery.alert_id)},
          {"evidence_id", or_null(delivery.evidence_id)},
          {"ticket_id", or_null(delivery.ticket_id)},
          {"created_at", to_rfc3339(delivery.created_at)},
          {"due_at", or_null(delivery.due_at)},
          {"completed_at", or_null(delivery.completed_at)},
          {"last_reason", or_null(delivery.last_reason)}};
}

json::object view_of(const Attempt& attempt) {
  return {{"number", attempt.number},
          {"started_at", to_rfc3339(attempt.started_at)},
          {"duration_ms", attempt.duration.count()},
          {"result", text(to_string(attempt.result))},
          {"http_status", attempt.http_status ? json::value(*attempt.http_status) : json::value(nullptr)},
          {"reason", or_null(attempt.reason)},
          {"error_summary", or_null(attempt.error_summary)},
          {"response_summary", or_null(attempt.response_summary)}};
}

Response answer(const json::object& body) { return {200, "application/json", json::serialize(body), {}}; }

// Reads one query parameter with `parse`, which answers an optional; adds to `errors` what it cannot read.
template <class Parse>
auto parameter(const Request& request, const char* name, const char* expected, std::vector<ProblemField>& errors,
               Parse parse) -> decltype(parse(std::string_view{})) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return std::nullopt;
  auto value = parse(std::string_view{found->second});
  if (!value) errors.push_back({name, expected});
  return value;
}

std::optional<int> parse_limit(std::string_view value) {
  int limit = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), limit);
  if (failure != std::errc{} || end != value.data() + value.size() || limit < 1 || limit > max_page)
    return std::nullopt;
  return limit;
}

std::optional<std::string> parse_reference(std::string_view value) {
  if (value.empty() || value.size() > EventLimits::reference_length) return std::nullopt;
  return std::string(value);
}

delivery::DeliveryFilter filter_of(const Request& request) {
  static constexpr std::string_view known[] = {"state",          "destination_id", "event_id",
                                               "correlation_id", "cursor",         "limit"};
  std::vector<ProblemField> errors;
  for (const auto& [key, value] : request.query)
    if (std::ranges::find(known, key) == std::end(known))
      errors.push_back({redact(key, 64), "is not a parameter of this resource"});
  delivery::DeliveryFilter filter;
  filter.state = parameter(request, "state", "must be one of the six delivery states", errors, parse_delivery_state);
  filter.destination = parameter(request, "destination_id", "must be a UUID", errors, DestinationId::parse);
  filter.event_id = parameter(request, "event_id", "must be an event id", errors, EventId::parse);
  filter.correlation_id = parameter(request, "correlation_id", "must be 1 to 128 bytes", errors, parse_reference);
  filter.before = parameter(request, "cursor", "must be next_cursor of an earlier page", errors, DeliveryId::parse);
  if (const auto limit = parameter(request, "limit", "must be 1 to 200", errors, parse_limit)) filter.limit = *limit;
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
  return filter;
}

Response list(const Request& request, delivery::DeliveryQuery& deliveries) {
  const auto filter = filter_of(request);
  const auto page = deliveries.list(request.tenant, filter);
  json::array rows;
  for (const auto& delivery : page) rows.push_back(view_of(delivery));
  const bool full = page.size() == static_cast<std::size_t>(filter.limit);
  return answer({{"deliveries", std::move(rows)},
                 {"next_cursor", full ? json::value(page.back().id.to_string()) : json::value(nullptr)}});
}

delivery::DeliveryView find(const Request& request, delivery::DeliveryQuery& deliveries) {
  const auto id = DeliveryId::parse(request.parameters.at(0));
  auto found = id ? deliveries.find(request.tenant, *id) : std::nullopt;
  if (!found) throw ProblemError(not_found());
  return std::move(*found);
}

Response attempts(const Request& request, delivery::DeliveryQuery& deliveries) {
  const auto delivery = find(request, deliveries);
  json::array rows;
  for (const auto& attempt : deliveries.attempts(request.tenant, delivery.id)) rows.push_back(view_of(attempt));
  return answer({{"delivery_id", delivery.id.to_string()}, {"attempts", std::move(rows)}});
}

}  // namespace

void add_delivery_routes(RouteTable& routes, delivery::DeliveryQuery& deliveries) {
  routes.add({"GET", "/api/v1/deliveries", Action::read_deliveries,
              [&](const Request& request) { return list(request, deliveries); }});
  routes.add({"GET", "/api/v1/deliveries/{id}", Action::read_deliveries,
              [&](const Request& request) { return answer(view_of(find(request, deliveries))); }});
  routes.add({"GET", "/api/v1/deliveries/{id}/attempts", Action::read_deliveries,
              [&](const Request& request) { return attempts(request, deliveries); }});
}

}  // namespace opi::api
