#include "telemetry/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace opi::telemetry {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

const prometheus::Histogram::BucketBoundaries seconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const prometheus::Histogram::BucketBoundaries latency_seconds{0.01, 0.05, 0.1,  0.5,  1,     5,    30,
                                                              60,   300,  1800, 7200, 21600, 86400};

auto& family(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}
auto& gauges(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry);
}
auto& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return family(registry, name, help).Add({});
}
auto& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return gauges(registry, name, help).Add({});
}
auto& histogram(prometheus::Registry& registry, const char* name, const char* help,
                const prometheus::Histogram::BucketBoundaries& buckets) {
  return BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

}  // namespace

Metrics::Metrics()
    : attempts_(family(registry_, "opi_attempts_total", "Delivery attempts by result")),
      deliveries_ended_(family(registry_, "opi_deliveries_ended_total", "Deliveries that reached a terminal state")),
      destinations_held_(
          gauges(registry_, "opi_destinations_held", "Destinations of this daemon that nothing is sent to, by cause")),
      alerts_active_(gauges(registry_, "opi_alerts_active", "Alerts that are active, by kind, told by who leads")),
      store_failures_(family(registry_, "opi_store_failures_total", "Store operations that failed or stayed in doubt")),
      retention_removed_(family(registry_, "opi_retention_removed_total", "Old rows that were removed, by kind")),
      events_(family(registry_, "opi_events_total", "Events handed in by producers, by result")),
      secret_fetches_(family(registry_, "opi_secret_fetches_total", "Fetches from secret providers, by result")),
      secret_cache_hits_(
          family(registry_, "opi_secret_cache_hits_total", "Credentials that were answered from memory, by provider")),
      secret_fetch_duration_(BuildHistogram()
                                 .Name("opi_secret_fetch_duration_seconds")
                                 .Help("Duration of calls of secret providers")
                                 .Register(registry_)),
      secret_calls_(
          gauges(registry_, "opi_secret_calls_in_flight", "Calls of secret providers that have not come back")),
      secret_breakers_(gauges(registry_, "opi_secret_breaker_open",
                              "Tenants for which a secret provider is not asked, "
                              "for its store does not answer")),
      events_accepted(events_.Add({{"result", "accepted"}})),
      events_duplicate(events_.Add({{"result", "duplicate"}})),
      events_conflict(events_.Add({{"result", "conflict"}})),
      filters_given_up(counter(registry_, "opi_filters_given_up_total",
                               "Events whose filters cost too much together: destinations were given them unfiltered")),
      claims(counter(registry_, "opi_claims_total", "Deliveries claimed")),
      leases_lost(counter(registry_, "opi_leases_lost_total", "Settlements refused because the lease was lost")),
      leases_taken_over(counter(registry_, "opi_leases_taken_over_total", "Expired leases taken over")),
      in_flight(gauge(registry_, "opi_in_flight_deliveries", "Deliveries claimed and not yet settled")),
      due_destinations(gauge(registry_, "opi_due_destinations", "Destinations known to have work due")),
      breakers_open(gauge(registry_, "opi_breakers_open", "Destinations whose circuit breaker is open")),
      destinations_served(gauge(registry_, "opi_destinations_served", "Enabled destinations that this daemon serves")),
      daemons(gauge(registry_, "opi_daemons", "Daemons that destinations are shared between, as this one sees it")),
      leads(
          gauge(registry_, "opi_leads", "1 if this daemon does what one does for all: rescue, retention, inbox, feed")),
      outbox_dead_rows(
          gauge(registry_, "opi_outbox_dead_rows", "Rows of the outbox that have ended and could not be removed yet")),
      oldest_snapshot(gauge(registry_, "opi_store_oldest_snapshot_seconds",
                            "For how long somebody has kept ended rows of the store from being removed")),
      settle_backlog(gauge(registry_, "opi_settle_backlog", "Settlements waiting for the store")),
      plugins_refused(gauge(registry_, "opi_plugins_refused",
                            "Plugin files and settings of secret providers that the last look at them refused")),
      filters_unreadable(gauge(registry_, "opi_filters_unreadable",
                               "Destinations whose filter cannot be read: they are given every event of their types")),
      attempt_duration(histogram(registry_, "opi_attempt_duration_seconds", "Duration of attempts", seconds)),
      delivery_latency(
          histogram(registry_, "opi_delivery_latency_seconds", "From event accepted to delivered", latency_seconds)) {}

std::string Metrics::exposition() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

prometheus::Counter& Metrics::attempts(std::string_view result) {
  return attempts_.Add({{"result", std::string(result)}});
}
prometheus::Gauge& Metrics::destinations_held(std::string_view cause) {
  return destinations_held_.Add({{"cause", std::string(cause)}});
}
prometheus::Gauge& Metrics::alerts_active(std::string_view kind) {
  return alerts_active_.Add({{"kind", std::string(kind)}});
}
prometheus::Counter& Metrics::deliveries_ended(std::string_view state) {
  return deliveries_ended_.Add({{"state", std::string(state)}});
}
prometheus::Counter& Metrics::retention_removed(std::string_view what) {
  return retention_removed_.Add({{"what", std::string(what)}});
}
SecretProviderMeters Metrics::secret_provider(std::string_view scheme) {
  const prometheus::Labels labels{{"provider", std::string(scheme)}};
  return {secret_fetch_duration_.Add(labels, seconds), secret_calls_.Add(labels), secret_breakers_.Add(labels)};
}
prometheus::Counter& Metrics::secret_fetches(std::string_view scheme, std::string_view result) {
  return secret_fetches_.Add({{"provider", std::string(scheme)}, {"result", std::string(result)}});
}
prometheus::Counter& Metrics::secret_cache_hits(std::string_view scheme) {
  return secret_cache_hits_.Add({{"provider", std::string(scheme)}});
}
prometheus::Counter& Metrics::store_failures(std::string_view operation) {
  return store_failures_.Add({{"operation", std::string(operation)}});
}

}  // namespace opi::telemetry
