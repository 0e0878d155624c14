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

std::optional<Hold> hold_of(const Holds& holds, DeliveryState state, const DestinationId& destination) {
  const auto found = holds.find(destination);
  if (is_terminal(state) || found == holds.end()) return std::nullopt;
  return found->second;
}

std::optional<Hold> hold_of(const Holds& holds, const delivery::DeliveryView& delivery) {
  if (auto hold = hold_of(holds, delivery.state, delivery.destination)) return hold;
  if (is_terminal(delivery.state) || delivery.due_at) return std::nullopt;
  return Hold{HoldCause::waits_for_order,
              "an earlier delivery about the same subject has not ended, or is a dead letter", delivery.created_at};
}

json::object view_of(const delivery::DeliveryView& delivery, const Holds& holds) {
  return {
      {"delivery_id", delivery.id.to_string()},
      {"destination_id", delivery.destination.to_string()},
      {"event_id", delivery.event_id.str()},
      {"event_type", delivery.event_type},
      {"state", json_view(to_string(delivery.state))},
      {"held", view_of(hold_of(holds, delivery))},
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

json::object moved_view(const delivery::DeliveryView& delivery, DeliveryState state, const Holds& holds) {
  return {{"delivery_id", delivery.id.to_string()},
          {"tenant_id", delivery.tenant.str()},
          {"state", json_view(to_string(state))},
          {"held", view_of(hold_of(holds, state, delivery.destination))}};
}

}  // namespace opi::api
