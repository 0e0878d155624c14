#pragma once
#include <chrono>
#include <functional>
#include <vector>

#include "delivery/catalog_cache.hpp"
#include "delivery/credential_watch.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/scheduler.hpp"
#include "foundation/mutex.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::delivery {

// Writes the ends of attempts in batches and gives their slots back to the scheduler. settle() and release()
// may be called by any thread, run_once() by one.
class Settler {
 public:
  struct Options {
    std::size_t batch = 500;
    std::chrono::milliseconds linger{2};  // how long a small batch waits for more
    std::chrono::milliseconds retry_after_failure{200};
    // A destination that is gone gets nothing more for this long, by when the catalog has been read anew and tells.
    std::chrono::milliseconds disabled_hold{2'000};
  };
  // `wake` is called when there is something for run_once(); `slots_freed` after slots were given back.
  Settler(DeliveryStore& store, CatalogStore& catalog, Scheduler& scheduler, CredentialWatch& credentials,
          const Clock& clock, telemetry::Metrics& metrics, telemetry::Logger& logger, std::function<void()> wake,
          std::function<void()> slots_freed, const Options& options);

  void settle(Settlement settlement, Feedback feedback);
  // Gives a claim back for which nothing was sent.
  void release(Claim claim);

  // Writes what has come, at most a batch; returns when to run again. A store that is away loses nothing:
  // the batch stays here and is submitted again.
  std::chrono::milliseconds run_once();

  // Neither waiting nor being written.
  [[nodiscard]] bool idle() const;

 private:
  void take();
  void write_releases();
  void write_settlements();
  void write_one_by_one();
  void finish(std::size_t index, SettleResult result);
  void report(const Settlement& settlement);
  void not_recorded(const Settlement& settlement);
  void disable_destination(const Settlement& settlement);

  DeliveryStore& store_;
  CatalogStore& catalog_;
  Scheduler& scheduler_;
  CredentialWatch& credentials_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Logger& logger_;
  const std::function<void()> wake_, slots_freed_;
  const Options options_;

  mutable Mutex mutex_;
  std::vector<Settlement> incoming_ OPI_GUARDED_BY(mutex_);
  std::vector<Feedback> incoming_feedback_ OPI_GUARDED_BY(mutex_);
  std::vector<Claim> incoming_releases_ OPI_GUARDED_BY(mutex_);
  bool writing_ OPI_GUARDED_BY(mutex_) = false;
  // Only touched by run_once():
  std::vector<Settlement> batch_;
  std::vector<Feedback> batch_feedback_;
  std::vector<Claim> releases_;
};

}  // namespace opi::delivery
