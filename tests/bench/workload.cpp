#include "bench/workload.hpp"

#include "crypto/digest.hpp"
#include "delivery/idempotency.hpp"

namespace opi::bench {
namespace {

std::string payload() {
  std::string text = R"({"alert_id":"A-1","severity":"high","text":")";
  text.append(Workload::payload_bytes - text.size() - 2, 'x');
  return text + "\"}";
}

std::string tenant_name(std::size_t tenant) { return "bench-" + std::to_string(tenant); }
std::string event_type(std::size_t event) { return event % 2 == 0 ? "alert.created" : "ticket.created"; }

Uuid uuid(const Clock& clock, Random& random) {
  std::array<std::uint8_t, 10> entropy;
  random.fill(entropy);
  return Uuid::v7(clock.unix_now().time_since_epoch(), entropy);
}

audit::Entry entry(const TenantId& tenant, audit::Action action, const Clock& clock) {
  audit::Entry fresh;
  fresh.tenant = tenant;
  fresh.at = clock.unix_now();
  fresh.actor_id = "bench";
  fresh.action = action;
  return fresh;
}

}  // namespace

Workload::Workload(const std::string& url, bool with_secret) {
  for (int t = 0; t < tenants; ++t) {
    Tenant tenant{*TenantId::parse(tenant_name(static_cast<std::size_t>(t))), "Bench", {}};
    for (int d = 0; d < destinations_per_tenant; ++d) {
      Destination destination;
      destination.tenant_id = tenant.id;
      destination.id = {Uuid::v7(std::chrono::milliseconds{1'000 + 10 * t + d}, {})};
      destination.name = "bench";
      destination.adapter = "webhook";
      destination.endpoint = url;
      destination.subscriptions = {d == 0 ? "alert.*" : "ticket.*"};
      destination.config = "{}";
      destination.max_in_flight = 500;
      if (with_secret)
        destination.credentials.push_back({"signing", 1, "local://" + tenant.id.str() + "/signing/main/1", {}});
      destinations.push_back(std::move(destination));
    }
    tenant_list.push_back(std::move(tenant));
  }
}

void Workload::store(delivery::CatalogStore& catalog, const Clock& clock) const {
  for (const auto& tenant : tenant_list)
    catalog.put_tenant(tenant, entry(tenant.id, audit::Action::tenant_created, clock));
  for (const auto& destination : destinations)
    catalog.put_destination(destination, entry(destination.tenant_id, audit::Action::destination_created, clock));
}

std::vector<delivery::NewEvent> Workload::events(std::size_t first, std::size_t count, const Clock& clock,
                                                 Random& random) const {
  static const std::string text = payload();
  std::vector<delivery::NewEvent> batch;
  batch.reserve(count);
  for (std::size_t i = first; i < first + count; ++i) {
    const std::size_t tenant = i % tenants;
    const auto& destination = destinations[tenant * destinations_per_tenant + i / tenants % 2];
    delivery::NewEvent fresh;
    fresh.event.tenant_id = destination.tenant_id;
    fresh.event.event_id = *EventId::parse(uuid(clock, random).to_string());
    fresh.event.event_type = event_type(i / tenants % 2);
    fresh.event.schema_version = "1.0";
    fresh.event.source = "bench";
    fresh.event.timestamp = "2026-01-01T00:00:00Z";
    fresh.event.correlation_id = "corr-" + std::to_string(i);
    fresh.event.alert_id = "A-1";
    fresh.event.payload = text;
    fresh.content_hash = crypto::sha256(fresh.event.event_id.str());
    fresh.deliveries.push_back(
        {{uuid(clock, random)},
         destination.id,
         delivery::idempotency_key(destination.tenant_id, destination.id, fresh.event.event_id)});
    batch.push_back(std::move(fresh));
  }
  return batch;
}

std::string Workload::ndjson(std::size_t tenant, std::size_t first, std::size_t count) const {
  static const std::string text = payload();
  std::string body;
  for (std::size_t i = first; i < first + count; ++i) {
    body += R"({"event_id":"evt-)" + std::to_string(tenant) + "-" + std::to_string(i) + R"(","event_type":")" +
            event_type(i) + R"(","schema_version":"1.0","tenant_id":")" + tenant_name(tenant) +
            R"(","source":"bench","timestamp":"2026-01-01T00:00:00Z","correlation_id":"corr-)" + std::to_string(i) +
            R"(","payload":)" + text + "}\n";
  }
  return body;
}

}  // namespace opi::bench
