#pragma once
#include <chrono>
#include <string>

#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/instruments.hpp"
#include "delivery/work_news.hpp"

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
  Rescuer(DeliveryStore& store, CatalogCache& catalog, WorkNews& news, const Instruments& instruments, Options options);
  // Returns when to run again. One thread. Throws StoreUnavailable, CommitInDoubt.
  std::chrono::milliseconds run_once();

 private:
  void wake_stranded();
  void settled(const Settlement& settlement, SettleResult result);

  DeliveryStore& store_;
  CatalogCache& catalog_;
  WorkNews& news_;
  const Instruments instruments_;
  const Options options_;
  MonoTime stranded_at_{};
};

}  // namespace opi::delivery
