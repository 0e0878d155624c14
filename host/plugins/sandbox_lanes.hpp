#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "foundation/mutex.hpp"
#include "plugins/sandbox.hpp"

namespace opi::plugins {

// Some processes of one plugin side by side, each for one call at a time: one that blocks is in nobody's way. A process
// is run when no other is free, and the first free one is taken, so that one serves where there is little to do.
// Thread-safe; outlived by whoever holds a lane.
class SandboxLanes : public std::enable_shared_from_this<SandboxLanes> {
 public:
  // Of so many, slow calls leave one to the quick ones.
  static constexpr std::size_t most = 5;
  using Make = std::function<std::shared_ptr<Sandbox>()>;

  // `places` are what the processes may read. If one of them has become another since a process was run, by a rename or
  // a mount, the process could not read it, and is run anew.
  SandboxLanes(Make make, std::vector<std::string> places);

  // A free one, given back when it is let go of; null if there is none by then, or no call may be made for this tenant,
  // and why.
  std::shared_ptr<Sandbox> take(const TenantId& tenant, bool slow, std::chrono::steady_clock::time_point until,
                                std::string& why);
  // All of them end; calls are held, now and later.
  void stop();

 private:
  struct Lane {
    std::shared_ptr<Sandbox> sandbox;
    std::string seen;  // the places, as they were when its process was last told
    bool busy = false;
  };
  [[nodiscard]] std::optional<std::size_t> free_lane(bool slow) const OPI_REQUIRES(mutex_);
  [[nodiscard]] std::string state_of_places() const;
  void give_back(std::size_t number);

  const Make make_;
  const std::vector<std::string> places_;
  mutable Mutex mutex_;
  Condition changed_;
  std::vector<Lane> lanes_ OPI_GUARDED_BY(mutex_);
  bool stopped_ OPI_GUARDED_BY(mutex_) = false;
};

}  // namespace opi::plugins
