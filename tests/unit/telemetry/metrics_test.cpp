#include "telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace opi::telemetry {
namespace {

using testing::HasSubstr;

// Dashboards and alerts are built on these names: a change here is a change for operators.
TEST(Metrics, ExposeTheDocumentedNamesAndTypes) {
  Metrics metrics;
  metrics.attempts("succeeded").Increment();
  metrics.deliveries_ended("delivered").Increment();
  metrics.store_failures("claim").Increment();
  metrics.secret_provider("local").in_flight.Increment();
  metrics.secret_fetches("local", "ok").Increment();
  metrics.secret_cache_hits("local").Increment();
  std::set<std::string> types;
  std::istringstream stream(metrics.exposition());
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("# TYPE ")) types.insert(line.substr(7));
  EXPECT_EQ(types, (std::set<std::string>{"opi_attempts_total counter",
                                          "opi_deliveries_ended_total counter",
                                          "opi_store_failures_total counter",
                                          "opi_events_total counter",
                                          "opi_claims_total counter",
                                          "opi_leases_lost_total counter",
                                          "opi_leases_taken_over_total counter",
                                          "opi_in_flight_deliveries gauge",
                                          "opi_due_destinations gauge",
                                          "opi_breakers_open gauge",
                                          "opi_destinations_served gauge",
                                          "opi_daemons gauge",
                                          "opi_leads gauge",
                                          "opi_outbox_dead_rows gauge",
                                          "opi_store_oldest_snapshot_seconds gauge",
                                          "opi_settle_backlog gauge",
                                          "opi_filters_unreadable gauge",
                                          "opi_plugins_refused gauge",
                                          "opi_attempt_duration_seconds histogram",
                                          "opi_delivery_latency_seconds histogram",
                                          "opi_secret_fetches_total counter",
                                          "opi_secret_cache_hits_total counter",
                                          "opi_secret_fetch_duration_seconds histogram",
                                          "opi_secret_calls_in_flight gauge",
                                          "opi_secret_breaker_open gauge"}));
}

TEST(Metrics, CountByLabel) {
  Metrics metrics;
  metrics.attempts("succeeded").Increment();
  metrics.attempts("succeeded").Increment();
  metrics.attempts("terminal").Increment();
  metrics.events_conflict.Increment();
  metrics.attempt_duration.Observe(0.02);
  const std::string text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr("opi_attempts_total{result=\"succeeded\"} 2"));
  EXPECT_THAT(text, HasSubstr("opi_attempts_total{result=\"terminal\"} 1"));
  EXPECT_THAT(text, HasSubstr("opi_events_total{result=\"conflict\"} 1"));
  EXPECT_THAT(text, HasSubstr("opi_events_total{result=\"accepted\"} 0"));
  EXPECT_THAT(text, HasSubstr("opi_attempt_duration_seconds_bucket{le=\"0.01\"} 0"));
  EXPECT_THAT(text, HasSubstr("opi_attempt_duration_seconds_bucket{le=\"0.025\"} 1"));
}

}  // namespace
}  // namespace opi::telemetry
