#pragma once
#include <chrono>
#include <vector>

#include "delivery/adapter.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/instruments.hpp"
#include "delivery/scheduler.hpp"
#include "secrets/secret_broker.hpp"

namespace opi::delivery {

// Finds what keeps the destinations that this daemon serves from being sent to, whether or not anything is due for
// them, and when that has ended. What attempts find it is told by the scheduler; how many are held for what is in
// `opi_destinations_held`. For one thread.
class HoldWatch {
 public:
  struct Options {
    std::chrono::milliseconds interval{1'000};
    int share =
        20;  // of its time, at most one part in so many is spent looking: with many destinations it looks less often
    std::chrono::milliseconds at_a_time{200};       // adapters in processes of their own are asked for about so long
    std::chrono::milliseconds hold_recheck{5'000};  // as AttemptRunner's
  };

  HoldWatch(CatalogCache& catalog, AdapterRegistry& adapters, secrets::SecretBroker& secrets, Scheduler& scheduler,
            const Instruments& instruments, const Options& options)
      : catalog_(catalog),
        adapters_(adapters),
        secrets_(secrets),
        scheduler_(scheduler),
        instruments_(instruments),
        options_(options) {}

  // Looks at all of them, or for a while. After how long it is to be called again.
  std::chrono::milliseconds run_once();

 private:
  void look_at(const std::shared_ptr<const Destination>& destination);
  void look_at_secrets(const std::shared_ptr<const Destination>& destination);
  void resume(const Destination& destination, Scheduler::FoundBy found_by);
  void count(const Catalog& catalog);

  CatalogCache& catalog_;
  AdapterRegistry& adapters_;
  secrets::SecretBroker& secrets_;
  Scheduler& scheduler_;
  const Instruments instruments_;
  const Options options_;
  std::vector<DestinationId> round_;   // not looked at yet
  std::chrono::nanoseconds spent_{0};  // on this round
};

// What keeps the destination now, all causes taken together: the first of them (HoldCause). `status` is of who serves
// it; times of a breaker and a pause are counted from `now`. Pure.
std::optional<Hold> hold_of(const Destination& destination, const Scheduler::LaneStatus& status, UnixTime now);

}  // namespace opi::delivery
