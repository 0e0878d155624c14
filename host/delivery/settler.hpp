#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "delivery/catalog_store.hpp"
#include "delivery/contention.hpp"
#include "delivery/credential_watch.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/flight.hpp"
#include "delivery/instruments.hpp"

namespace opi::delivery {

// Writes what has become of flights, in batches, and gives their slots back. run_once() is called by one thread.
class Settler {
 public:
  struct Options {
    std::size_t batch = 500;
    std::size_t batch_beside = 64;                 // while flights of several tenants land; see delivery/contention.hpp
    std::chrono::milliseconds contention{10'000};  // for how long a tenant whose flights landed counts as being there
    std::chrono::milliseconds linger{2};           // how long a small batch waits for more
    std::chrono::milliseconds retry_after_failure{200};
    // A destination that is gone gets nothing more for this long, by when the catalog has been read anew and tells.
    std::chrono::milliseconds disabled_hold{2'000};
  };
  // `wake` is called when there is something for run_once(); `slots_freed` after slots were given back.
  Settler(DeliveryStore& store, CatalogStore& catalog, CredentialWatch& credentials, const Instruments& instruments,
          std::function<void()> wake, std::function<void()> slots_freed, const Options& options);
  ~Settler();
  Settler(const Settler&) = delete;
  Settler& operator=(const Settler&) = delete;

  // Where the flights land that it writes. Thread-safe.
  [[nodiscard]] const std::shared_ptr<Landings>& landings() const { return landings_; }

  // Writes what has come, at most a batch; returns when to run again. A store that is away loses nothing:
  // the batch stays here and is submitted again.
  std::chrono::milliseconds run_once();

  // Nothing waits and nothing is being written. Thread-safe.
  [[nodiscard]] bool idle() const;

 private:
  using Flights = std::vector<std::unique_ptr<Flight>>;

  bool take();
  void put(Flight& flight);
  void write_releases();
  void write_settlements();
  void forget_finished();
  void finish(std::size_t index, SettleResult result);
  void refused(std::size_t index, const std::exception& failure);
  void report(const Settlement& settlement);
  void not_recorded(const Settlement& settlement);
  void disable_destination(const Settlement& settlement);

  DeliveryStore& store_;
  CatalogStore& catalog_;
  CredentialWatch& credentials_;
  const Instruments instruments_;
  const std::function<void()> slots_freed_;
  const Options options_;
  const std::shared_ptr<Landings> landings_;
  std::atomic<bool> writing_ = false;
  // Only touched by run_once(). Their room is there from the beginning, so that moving a flight cannot fail.
  Contention<const TenantLanes*> contention_;
  std::size_t most_ = 0;   // in the batch, for now
  Landings::Queue taken_;  // landed, and not in the batch yet
  Flights settling_;       // of batch_, in its order; null: done with
  std::vector<Settlement> batch_;
  Flights releasing_;  // of releases_, in its order
  std::vector<Claim> releases_;
};

}  // namespace opi::delivery
