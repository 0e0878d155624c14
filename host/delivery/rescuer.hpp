#pragma once
#include <chrono>
#include <string>

#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/scheduler.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::delivery {

// Lets claims of vanished daemons go on: takes over expired leases and settles each as an interrupted attempt.
// Once in a while lets those go that wait for nobody any more.
class Rescuer {
 public:
  struct Options {
    std::string daemon_id;
    int batch = 200;
    std::chrono::milliseconds lease{30'000};
    std::chrono::milliseconds interval{5'000};
    std::chrono::milliseconds stranded_interval{60'000};
  };
  Rescuer(DeliveryStore& store, CatalogCache& catalog, Scheduler& scheduler, const Clock& clock, Random& random,
          telemetry::Metrics& metrics, telemetry::Logger& logger, Options options);
  // Returns when to run again. One thread. Throws StoreUnavailable, CommitInDoubt.
  std::chrono::milliseconds run_once();

 private:
  void wake_stranded();

  DeliveryStore& store_;
  CatalogCache& catalog_;
  Scheduler& scheduler_;
  const Clock& clock_;
  Random& random_;
  telemetry::Metrics& metrics_;
  telemetry::Logger& logger_;
  const Options options_;
  MonoTime stranded_at_{};
};

}  // namespace opi::delivery
