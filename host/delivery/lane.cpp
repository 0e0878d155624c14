#include "delivery/lane.hpp"

#include <algorithm>

namespace opi::delivery {

MonoTime Lane::ready_at() const {
  ++looks_;
  if (!may_be_served() || next_due == MonoTime::max() || busy() >= bound()) return MonoTime::max();
  if (breaker.tripped() && busy() > 0) return MonoTime::max();  // the end of the probe is the news
  return std::max({next_due, not_before(), limiter.next_token_at(MonoTime{}), probe_at()});
}

int Lane::free_slots(MonoTime now) {
  ++looks_;
  if (!may_be_served() || now < not_before()) return 0;
  const int free = breaker.admit(bound() - busy(), busy(), now);
  return free <= 0 ? 0 : limiter.available(free, now);
}

MonoTime Lane::probe_at() const { return breaker.tripped() ? breaker.probe_at() : MonoTime{}; }

}  // namespace opi::delivery
