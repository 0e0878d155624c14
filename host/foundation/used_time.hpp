#pragma once
#include <algorithm>
#include <chrono>
#include <unordered_map>

namespace opi {

// How much each tenant has had of the time of one thing that serves them one after another, such as a process. Whoever
// has had least goes first: then each has had the same, to within what one turn takes, however long the turns of one
// take (start-time fair queueing; Goyal, Vin and Cheng, 1996). Who was away does not save up: it begins where those are
// who are being served. Not thread-safe.
template <class Tenant>
class UsedTime {
 public:
  using Duration = std::chrono::steady_clock::duration;

  [[nodiscard]] Duration of(const Tenant& tenant) const {
    const auto found = used_.find(tenant);
    return found == used_.end() ? level_ : std::max(level_, found->second);
  }
  // It is the tenant's turn.
  void turn(const Tenant& tenant) { level_ = std::max(level_, of(tenant)); }
  // It took so long.
  void use(const Tenant& tenant, Duration took) { used_[tenant] = of(tenant) + took; }
  // Nobody is served, and nobody waits: whoever comes next begins where all others do.
  void rest() { used_.clear(); }

 private:
  std::unordered_map<Tenant, Duration> used_;
  Duration level_{};
};

}  // namespace opi
