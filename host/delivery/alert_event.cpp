#include "delivery/alert_event.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/digest.hpp"
#include "domain/timestamp.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

std::string title_of(AlertKind kind) {
  switch (kind) {
    case AlertKind::destination_failing: return "Deliveries fail";
    case AlertKind::dead_letters_parked: return "Dead letters are parked";
    case AlertKind::credential_refused: return "A credential is refused";
    case AlertKind::credential_expiring: return "A credential ends soon";
    case AlertKind::destination_held: return "Nothing is sent";
    case AlertKind::destination_disabling: return "A destination is disabled for failing";
  }
  return "";
}

}  // namespace

ParsedEvent alert_event(const Alert& alert, std::string_view type, const std::string& name, UnixTime now) {
  const bool cleared = type == alert_cleared_type;
  const auto id = alert.id.to_string();
  ParsedEvent parsed;
  Event& event = parsed.event;
  event.tenant_id = alert.tenant;
  event.event_id = EventId::parse("alert-" + id + (cleared ? "-cleared" : "-raised")).value();
  event.event_type = type;
  event.schema_version = "1.0";
  event.source = "integrationsd";
  event.producer = "system:integrationsd";
  event.timestamp = to_rfc3339(now);
  event.correlation_id = id;
  event.alert_id = id;
  json::object payload{
      {"alert_id", id},
      {"title", (cleared ? "Cleared: " : "") + title_of(alert.kind) + ": " +
                    (name.empty() ? alert.destination.to_string() : name)},
      {"status", cleared ? "cleared" : "raised"},
      {"severity", alert.kind == AlertKind::credential_expiring ? "medium" : "high"},
      {"kind", view(to_string(alert.kind))},
      {"destination_id", alert.destination.to_string()},
      {"destination_name", name.empty() ? json::value(nullptr) : json::value(name)},
      {"description", alert.detail},
      {"since", to_rfc3339(alert.since)},
      {"raised_at", to_rfc3339(alert.raised_at)},
      {"cleared_at", cleared ? json::value(to_rfc3339(alert.cleared_at.value_or(now))) : json::value(nullptr)},
      {"remedy", cleared ? json::value(nullptr) : json::value(view(remedy_of(alert.kind)))}};
  event.payload = json::serialize(payload);
  // Not of the payload: what is told again after a change of daemons is the same event.
  parsed.content_hash = crypto::sha256("opi.alert.v1\n" + alert.tenant.str() + "\n" + event.event_id.str());
  return parsed;
}

}  // namespace opi::delivery
