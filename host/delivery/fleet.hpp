#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "delivery/fleet_store.hpp"
#include "delivery/instruments.hpp"
#include "delivery/ownership.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

// Shows the database that this daemon lives, and works out from who else does which destinations are its own.
//
// No two daemons claim for one destination at the same time: a daemon that joins owns nothing until every snapshot in
// which it is missing has run out, one that dies is missed only when its own snapshot has, and a claim carries to the
// database the time until which it holds (ClaimTerms::valid_until).
class Fleet {
 public:
  struct Options {
    std::string daemon_id;
    std::chrono::milliseconds beat{2'000};       // how often it shows itself
    std::chrono::milliseconds lifetime{10'000};  // how long it counts as alive after that
    std::chrono::milliseconds holds{8'000};      // how long a snapshot is worked by: less than the lifetime
    // Between the one who gives up and the one who takes: what the former claimed has been committed by then, and is
    // seen by the latter.
    std::chrono::milliseconds handover{500};
    std::optional<std::string> replaces;  // see FleetStore::Terms
  };
  using Listener = std::function<void(const std::shared_ptr<const Ownership>&)>;

  // `judged` is called by run_once() with what holds now, changed or not.
  Fleet(FleetStore& store, const Instruments& instruments, Listener judged, Options options);

  // Beats if it is time, and judges anew who owns what; returns when to run again. One thread.
  std::chrono::milliseconds run_once();
  // Others go on with what was this daemon's. Called after run_once() and the last claim.
  void leave();

  // What was judged last; never null. Thread-safe.
  [[nodiscard]] std::shared_ptr<const Ownership> current() const;
  // Whether this daemon does what only one needs to do, such as maintenance. Thread-safe.
  [[nodiscard]] bool leads() const;

 private:
  void beat(MonoTime now);
  MonoTime judge(MonoTime now);

  FleetStore& store_;
  const Instruments instruments_;
  const Listener judged_;
  const Options options_;
  // Only touched by run_once():
  std::optional<FleetSnapshot> snapshot_;
  MonoTime sent_at_{}, received_at_{};  // around the snapshot
  MonoTime beat_at_{};
  bool away_ = false;
  bool joined_ = false;

  mutable Mutex mutex_;
  std::shared_ptr<const Ownership> current_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::delivery
