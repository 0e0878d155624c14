#pragma once
#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

#include "delivery/attempt_runner.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/flight.hpp"
#include "delivery/instruments.hpp"
#include "delivery/scheduler.hpp"

namespace opi::delivery {

// Claims what the scheduler plans and starts its attempts. run_once() is called by one thread.
class Dispatcher {
 public:
  struct Options {
    std::string daemon_id;                          // locked_by of this daemon's leases
    std::chrono::milliseconds lease_grace{15'000};  // a lease outlives the longest timeout of its claim by this
    std::chrono::milliseconds claim_interval{3};    // claims that were not full are at least this far apart
    std::chrono::milliseconds longest_wait{1'000};  // between two looks at what there is to do
    std::chrono::milliseconds retry_after_failure{500};
  };

  // Flights land at `landings`.
  Dispatcher(DeliveryStore& store, CatalogCache& catalog, Scheduler& scheduler, AttemptRunner& attempts,
             std::shared_ptr<Landings> landings, const Instruments& instruments, Options options);

  // One round: one claim, its attempts started. Returns when to run again.
  std::chrono::milliseconds run_once();

 private:
  using Targets = std::unordered_map<DestinationId, Target>;

  Targets look_up(ClaimPlan& plan, const Catalog& catalog);
  void claim(ClaimPlan& plan, const Targets& targets);
  void start(std::vector<Slot> slots, const Targets& targets);
  void give_back_what_was_left();
  std::chrono::milliseconds until_next(MonoTime now);

  DeliveryStore& store_;
  CatalogCache& catalog_;
  Scheduler& scheduler_;
  AttemptRunner& attempts_;
  const std::shared_ptr<Landings> landings_;
  const Instruments instruments_;
  const Options options_;
  MonoTime claimed_at_{};
  std::vector<Claim> claims_;  // of the round; what is left of one that failed is given back by the next
  bool store_away_ = false;
};

}  // namespace opi::delivery
