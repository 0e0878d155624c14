#pragma once
#include <chrono>
#include <functional>
#include <span>
#include <unordered_set>

#include "delivery/delivery_store.hpp"
#include "delivery/instruments.hpp"
#include "delivery/scheduler.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

// Brings it to whoever serves a destination that something of it is due: to the scheduler, or to the other daemons.
// Thread-safe but for run_once().
class WorkNews {
 public:
  struct Options {
    std::chrono::milliseconds interval{10};  // other daemons hear of work at most this often
  };
  // `here` is called when the scheduler was told; `everywhere` when any destination may have work; `elsewhere` when
  // there is something for run_once().
  struct Listeners {
    std::function<void()> here = [] {}, everywhere = [] {}, elsewhere = [] {};
  };
  WorkNews(Scheduler& scheduler, DeliveryStore& store, const Instruments& instruments, Listeners listeners,
           const Options& options)
      : scheduler_(scheduler),
        store_(store),
        instruments_(instruments),
        listeners_(std::move(listeners)),
        options_(options) {}

  // What of these was accepted is due now; one result per event.
  void stored(std::span<const NewEvent> events, std::span<const InsertResult> results);
  // Committed deliveries of these are due at `when`.
  void due(std::span<const DestinationId> destinations, MonoTime when);
  // Something was made due, and it is not known for whom.
  void due_somewhere();

  // Announces what came together. Returns when to run again. One thread.
  std::chrono::milliseconds run_once();

 private:
  Scheduler& scheduler_;
  DeliveryStore& store_;
  const Instruments instruments_;
  const Listeners listeners_;
  const Options options_;
  MonoTime announced_at_{};  // only touched by run_once()
  Mutex mutex_;
  std::unordered_set<DestinationId> elsewhere_ OPI_GUARDED_BY(mutex_);
  bool somewhere_ OPI_GUARDED_BY(mutex_) = false;
};

}  // namespace opi::delivery
