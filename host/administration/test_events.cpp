#include "administration/test_events.hpp"

#include <boost/json/serialize.hpp>

#include "crypto/digest.hpp"
#include "domain/new_uuid.hpp"
#include "domain/receiver.hpp"
#include "domain/timestamp.hpp"

namespace opi::administration {
namespace {

constexpr std::chrono::milliseconds look_interval{50};

delivery::ParsedEvent test_event(const TenantId& tenant, const DestinationId& destination, const Uuid& id,
                                 UnixTime now) {
  delivery::ParsedEvent parsed;
  Event& event = parsed.event;
  event.tenant_id = tenant;
  event.event_id = EventId::parse("test-" + id.to_string()).value();
  event.event_type = test_event_type;
  event.schema_version = "1.0";
  event.source = "integrationsd";
  event.timestamp = to_rfc3339(now);
  event.correlation_id = event.event_id.str();
  event.payload = boost::json::serialize(
      boost::json::object{{"test", true},
                          {"destination_id", destination.to_string()},
                          {"message", "A test event of OneProtect Integrations: nothing has happened."}});
  parsed.content_hash = crypto::sha256(event.event_id.str() + "\n" + event.payload);
  return parsed;
}

}  // namespace

Change<DeliveryId> TestEvents::send(const TenantId& tenant, const DestinationId& destination, CatalogEditor::Seen seen,
                                    const Actor& actor) {
  const auto stored = find(*editor_.catalog(), tenant, destination);
  if (!stored) return Change<DeliveryId>::of(ChangeStatus::missing);
  if (seen && *seen != stored->revision) return Change<DeliveryId>::of(ChangeStatus::stale);
  if (!stored->not_understood.empty()) return Change<DeliveryId>::of(ChangeStatus::newer);
  if (unbound_purpose(*stored)) return Change<DeliveryId>::of(ChangeStatus::unbound);
  const UnixTime now = clock_.unix_now();
  auto event = test_event(tenant, destination, new_uuid(clock_, random_), now);
  auto entry = entry_of(actor, tenant, audit::Action::destination_tested, "destination:" + destination.to_string(),
                        {{"event_id", event.event.event_id.str()}}, now);
  entry.correlation_id = event.event.correlation_id;
  event.event.producer = std::string(audit::to_string(entry.actor_kind)) + ":" + entry.actor_id;
  const auto delivery = intake_.submit_for(tenant, destination, std::move(event), entry);
  if (!delivery) return Change<DeliveryId>::of(ChangeStatus::disabled);
  return {ChangeStatus::done, *delivery, {}};
}

std::optional<Attempt> TestEvents::first_attempt(const TenantId& tenant, const DeliveryId& delivery,
                                                 std::chrono::milliseconds patience) {
  const MonoTime deadline = clock_.mono_now() + patience;
  for (;;) {
    const auto attempts = deliveries_.attempts(tenant, delivery);
    if (!attempts.empty()) return attempts.front();
    if (clock_.mono_now() >= deadline) return std::nullopt;
    pause_(look_interval);
  }
}

}  // namespace opi::administration
