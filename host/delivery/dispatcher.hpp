#pragma once
#include <atomic>
#include <chrono>
#include <string>

#include "delivery/attempt_runner.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/scheduler.hpp"

namespace opi::delivery {

// Claims what the scheduler plans and starts its attempts. run_once() is called by one thread.
class Dispatcher {
 public:
  struct Options {
    std::string daemon_id;                                // locked_by of this daemon's leases
    std::chrono::milliseconds lease_grace{15'000};        // a lease outlives the longest timeout of its claim by this
    std::chrono::milliseconds claim_interval{3};          // claims that were not full are at least this far apart
    std::chrono::milliseconds discovery_interval{1'000};  // the store is asked for due work this often at least
    std::chrono::milliseconds announced_interval{20};     // and at most this often on other daemons' announcements
    std::chrono::milliseconds retry_after_failure{500};
  };

  Dispatcher(DeliveryStore& store, CatalogCache& catalog, Scheduler& scheduler, AttemptRunner& attempts,
             Settler& settler, const Clock& clock, telemetry::Metrics& metrics, telemetry::Logger& logger,
             Options options);

  // One round: discovery if it is time, one claim, its attempts started. Returns when to run again.
  std::chrono::milliseconds run_once();

  // Another daemon has stored work: the store is asked for it soon. Thread-safe.
  void work_announced() { announced_ = true; }

 private:
  [[nodiscard]] MonoTime discover_at() const;
  void discover(MonoTime now);
  std::vector<Claim> claim(std::span<const ClaimRequest> requests, const Catalog& catalog);
  std::chrono::milliseconds until_next(MonoTime now);

  DeliveryStore& store_;
  CatalogCache& catalog_;
  Scheduler& scheduler_;
  AttemptRunner& attempts_;
  Settler& settler_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Logger& logger_;
  const Options options_;
  std::atomic<bool> announced_ = true;
  MonoTime discovered_at_{};
  MonoTime claimed_at_{};
  bool store_away_ = false;
};

}  // namespace opi::delivery
