#include "delivery/delivery_feed.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "delivery/delivery_event.hpp"
#include "domain/timestamp.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

json::value or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

}  // namespace

Event feed_event(const TenantId& tenant, const FeedEntry& entry) {
  const auto state = to_string(delivery_event_state(entry.type));
  const json::object payload{{"delivery_id", entry.delivery.to_string()},
                             {"destination_id", entry.destination.to_string()},
                             {"event_id", entry.event_id.str()},
                             {"event_type", or_null(entry.event_type)},
                             {"state", json::string_view{state.data(), state.size()}},
                             {"attempt", entry.attempt},
                             {"alert_id", or_null(entry.alert_id)},
                             {"evidence_id", or_null(entry.evidence_id)},
                             {"ticket_id", or_null(entry.ticket_id)}};
  Event event;
  event.tenant_id = tenant;
  event.event_id = EventId::parse(entry.id.to_string()).value();
  event.event_type = entry.type;
  event.schema_version = "1.0";
  event.source = "integrationsd";
  event.timestamp = to_rfc3339(entry.occurred_at);
  event.correlation_id = entry.correlation_id;
  event.causation_id = entry.event_id.str();
  event.alert_id = entry.alert_id;
  event.evidence_id = entry.evidence_id;
  event.ticket_id = entry.ticket_id;
  event.payload = json::serialize(payload);
  event.producer = "system:integrationsd";
  return event;
}

}  // namespace opi::delivery
