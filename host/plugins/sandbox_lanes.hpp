#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "foundation/fair_queue.hpp"
#include "foundation/mutex.hpp"
#include "foundation/tenant_shares.hpp"
#include "plugins/sandbox.hpp"

namespace opi::plugins {

// Some processes of one plugin side by side, each for one call at a time: one that blocks is in nobody's way. Tenants
// share them by the rule of TenantShares, and take turns. A process is run when no other is free, and the first free
// one is taken, so that one serves where there is little to do. Thread-safe; outlived by whoever holds a lane.
class SandboxLanes : public std::enable_shared_from_this<SandboxLanes> {
 public:
  // Of so many, slow calls leave one to the quick ones.
  static constexpr std::size_t most = 6;
  using Make = std::function<std::shared_ptr<Sandbox>()>;

  // `places` are what the processes may read. If one of them has become another since a process was run, by a rename or
  // a mount, the process could not read it, and is run anew.
  SandboxLanes(Make make, std::vector<std::string> places);

  // A free one, given back when it is let go of; null if there is none for this tenant by then, and why.
  std::shared_ptr<Sandbox> take(const TenantId& tenant, bool slow, std::chrono::steady_clock::time_point until,
                                std::string& why);
  // All of them end; calls are held, now and later.
  void stop();

 private:
  struct Lane {
    std::shared_ptr<Sandbox> sandbox;
    std::string seen;  // the places, as they were when its process was last told
    HeldPlace<TenantId> held, held_slowly;
  };
  // Who waits for a lane: what stands for a call is its own.
  using Queue = FairQueue<TenantId, const void*>;

  [[nodiscard]] bool is_turn_of(const TenantId& tenant, bool slow, const void* call) const OPI_REQUIRES(mutex_);
  [[nodiscard]] Queue& queue(bool slow) OPI_REQUIRES(mutex_) { return slow ? slow_ : quick_; }
  [[nodiscard]] std::string state_of_places() const;
  void give_back(std::size_t number);

  const Make make_;
  const std::vector<std::string> places_;
  mutable Mutex mutex_;
  Condition changed_;
  TenantShares<TenantId> shares_ OPI_GUARDED_BY(mutex_){most}, slow_shares_ OPI_GUARDED_BY(mutex_){most - 1};
  Queue quick_ OPI_GUARDED_BY(mutex_), slow_ OPI_GUARDED_BY(mutex_);
  std::vector<Lane> lanes_ OPI_GUARDED_BY(mutex_);
  bool stopped_ OPI_GUARDED_BY(mutex_) = false;
};

}  // namespace opi::plugins
