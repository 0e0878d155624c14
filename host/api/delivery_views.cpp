#include "api/delivery_views.hpp"

#include <boost/json/serialize.hpp>

#include "crypto/digest.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {

namespace json = boost::json;

json::string_view json_view(std::string_view text) { return {text.data(), text.size()}; }
json::value or_null(const std::string& value) { return value.empty() ? json::value(nullptr) : json::value(value); }
json::value or_null(const std::optional<UnixTime>& time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

Response json_answer(const json::object& body, int status) {
  return {status, "application/json", json::serialize(body), {}};
}

std::optional<std::string> held_reason(const Catalog& catalog, DeliveryState state, const DestinationId& destination) {
  if (is_terminal(state)) return std::nullopt;
  const auto found = catalog.destinations.find(destination);
  if (found == catalog.destinations.end() || found->second->served()) return std::nullopt;
  if (!found->second->not_understood.empty()) return found->second->not_understood;
  const auto& why = found->second->disabled_reason;
  return "the destination is disabled" + (why.empty() ? "" : ": " + why);
}

json::object view_of(const delivery::DeliveryView& delivery, const Catalog& catalog) {
  const auto held = held_reason(catalog, delivery.state, delivery.destination);
  return {
      {"delivery_id", delivery.id.to_string()},
      {"destination_id", delivery.destination.to_string()},
      {"event_id", delivery.event_id.str()},
      {"event_type", delivery.event_type},
      {"state", json_view(to_string(delivery.state))},
      {"held", held.has_value()},
      {"held_reason", or_null(held.value_or(""))},
      {"waits_for_turn", !is_terminal(delivery.state) && !delivery.due_at},
      {"attempts", delivery.attempts},
      {"idempotency_key", crypto::to_hex(delivery.idempotency_key.bytes)},
      {"correlation_id", or_null(delivery.correlation_id)},
      {"alert_id", or_null(delivery.alert_id)},
      {"evidence_id", or_null(delivery.evidence_id)},
      {"ticket_id", or_null(delivery.ticket_id)},
      {"created_at", to_rfc3339(delivery.created_at)},
      {"due_at", or_null(delivery.due_at)},
      {"completed_at", or_null(delivery.completed_at)},
      {"last_reason", or_null(delivery.last_reason)},
      {"last_http_status", delivery.last_http_status ? json::value(*delivery.last_http_status) : json::value(nullptr)},
      {"last_result",
       delivery.last_result ? json::value(json_view(to_string(*delivery.last_result))) : json::value(nullptr)}};
}

json::object view_of(const Attempt& attempt) {
  return {{"number", attempt.number},
          {"started_at", to_rfc3339(attempt.started_at)},
          {"duration_ms", attempt.duration.count()},
          {"result", json_view(to_string(attempt.result))},
          {"http_status", attempt.http_status ? json::value(*attempt.http_status) : json::value(nullptr)},
          {"reason", or_null(attempt.reason)},
          {"error_summary", or_null(attempt.error_summary)},
          {"response_summary", or_null(attempt.response_summary)}};
}

json::object moved_view(const delivery::DeliveryView& delivery, DeliveryState state, const Catalog& catalog) {
  const auto held = held_reason(catalog, state, delivery.destination);
  return {{"delivery_id", delivery.id.to_string()},
          {"tenant_id", delivery.tenant.str()},
          {"state", json_view(to_string(state))},
          {"held", held.has_value()},
          {"held_reason", or_null(held.value_or(""))}};
}

}  // namespace opi::api
