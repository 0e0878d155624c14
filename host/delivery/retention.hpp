#pragma once
#include <deque>

#include "delivery/catalog_cache.hpp"
#include "domain/retention.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::delivery {

struct RemovedDeliveries {
  std::int64_t deliveries = 0, attempts = 0;
  std::int64_t events = 0;  // those of which no delivery is left
  DeliveryId last;          // of those removed
};

// Removes what is old, one transaction a call, oldest first, at most `limit` rows of its kind; fewer than `limit` mean
// that nothing is left (or that another daemon is at it). Never removes live deliveries, dead letters, events of
// either, or audit records. Thread-safe. Throws StoreUnavailable, CommitInDoubt (asking again is harmless).
class RetentionStore {
 public:
  virtual ~RetentionStore() = default;
  // Deliveries with an id behind `after` that were delivered or failed before these times.
  virtual RemovedDeliveries remove_deliveries(const TenantId& tenant, UnixTime delivered_before, UnixTime failed_before,
                                              const DeliveryId& after, int limit) = 0;
  // Events that nobody subscribed to.
  virtual std::int64_t remove_unrouted_events(const TenantId& tenant, UnixTime received_before, int limit) = 0;
  virtual std::int64_t remove_delivery_events(const TenantId& tenant, UnixTime occurred_before, int limit) = 0;
  // Operations that have ended.
  virtual std::int64_t remove_operations(const TenantId& tenant, UnixTime finished_before, int limit) = 0;
  virtual std::int64_t remove_rollup(const TenantId& tenant, UnixTime begun_before, int limit) = 0;
};

// Goes round the tenants and removes what their ages say, a small batch at a time with pauses between, so that
// deliveries hardly notice.
class Retention {
 public:
  struct Options {
    RetentionAges ages;
    int batch = 500;
    std::chrono::milliseconds pause{200};                          // after a batch
    std::chrono::milliseconds interval{std::chrono::minutes{15}};  // after a round
  };
  Retention(RetentionStore& store, CatalogCache& catalog, const Clock& clock, telemetry::Metrics& metrics,
            telemetry::Logger& logger, const Options& options);

  // Removes one batch; returns when to run again. One thread. Throws StoreUnavailable, CommitInDoubt: the next run
  // goes on at the same place.
  std::chrono::milliseconds run_once();

 private:
  enum class Step { deliveries, unrouted_events, delivery_events, operations, rollup, done };
  struct Removed {
    std::int64_t deliveries = 0, attempts = 0, events = 0, delivery_events = 0, operations = 0, rollup = 0;
    [[nodiscard]] std::int64_t all() const {
      return deliveries + attempts + events + delivery_events + operations + rollup;
    }
  };
  // True if the step has nothing more.
  bool run_step(const TenantId& tenant, const RetentionAges& ages);
  void finish_tenant(const TenantId& tenant);

  RetentionStore& store_;
  CatalogCache& catalog_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Logger& logger_;
  const Options options_;
  std::deque<TenantId> left_;  // of this round
  Step step_ = Step::deliveries;
  DeliveryId after_;
  Removed removed_;  // of the tenant under way
};

}  // namespace opi::delivery
