#pragma once
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>
#include <string_view>

namespace opi::telemetry {

// What is measured of one secret provider.
struct SecretProviderMeters {
  prometheus::Histogram& duration;
  prometheus::Gauge& in_flight;
  prometheus::Gauge& breaker_open;
};

// Every metric of the daemon, by name and meaning in one place. Thread-safe. Labels have few values:
// never tenants, destinations or ids.
class Metrics {
 public:
  Metrics();

  // The registry in Prometheus' text format.
  [[nodiscard]] std::string exposition() const;

  prometheus::Counter& attempts(std::string_view result);         // succeeded, retryable, terminal, interrupted
  prometheus::Gauge& destinations_held(std::string_view cause);   // of those that this daemon serves
  prometheus::Gauge& alerts_active(std::string_view kind);        // of the daemon that leads
  prometheus::Counter& deliveries_ended(std::string_view state);  // delivered, failed, dead_lettered
  // deliveries, attempts, events, delivery_events, rollup
  prometheus::Counter& retention_removed(std::string_view what);
  prometheus::Counter& store_failures(std::string_view operation);  // claim, settle, insert, …
  // By scheme: there is one for each provider that was ever loaded.
  SecretProviderMeters secret_provider(std::string_view scheme);
  // ok, not_modified, not_found, denied, invalid, unavailable, overdue, refused
  prometheus::Counter& secret_fetches(std::string_view scheme, std::string_view result);
  prometheus::Counter& secret_cache_hits(std::string_view scheme);

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& attempts_;
  prometheus::Family<prometheus::Counter>& deliveries_ended_;
  prometheus::Family<prometheus::Gauge>& destinations_held_;
  prometheus::Family<prometheus::Gauge>& alerts_active_;
  prometheus::Family<prometheus::Counter>& store_failures_;
  prometheus::Family<prometheus::Counter>& retention_removed_;
  prometheus::Family<prometheus::Counter>& events_;
  prometheus::Family<prometheus::Counter>& secret_fetches_;
  prometheus::Family<prometheus::Counter>& secret_cache_hits_;
  prometheus::Family<prometheus::Histogram>& secret_fetch_duration_;
  prometheus::Family<prometheus::Gauge>& secret_calls_;
  prometheus::Family<prometheus::Gauge>& secret_breakers_;

 public:
  prometheus::Counter& events_accepted;
  prometheus::Counter& events_duplicate;
  prometheus::Counter& events_conflict;
  prometheus::Counter& filters_given_up;
  prometheus::Counter& claims;
  prometheus::Counter& leases_lost;
  prometheus::Counter& leases_taken_over;
  prometheus::Gauge& in_flight;
  prometheus::Gauge& due_destinations;
  prometheus::Gauge& breakers_open;
  prometheus::Gauge& destinations_served;
  prometheus::Gauge& daemons;
  prometheus::Gauge& leads;
  prometheus::Gauge& outbox_dead_rows;
  prometheus::Gauge& oldest_snapshot;
  prometheus::Gauge& settle_backlog;
  prometheus::Gauge& plugins_refused;
  prometheus::Gauge& filters_unreadable;
  prometheus::Histogram& attempt_duration;
  prometheus::Histogram& delivery_latency;
};

}  // namespace opi::telemetry
