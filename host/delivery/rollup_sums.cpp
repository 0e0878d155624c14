#include "delivery/rollup_sums.hpp"

#include <algorithm>

namespace opi::delivery {

RollupSums rollup_sums(std::span<const Settlement* const> settlements) {
  RollupSums sums;
  for (const auto* s : settlements) {
    const auto& claim = *s->claim();
    auto& sum = sums[{claim.event->tenant_id, claim.destination}];
    sum.last_state = s->decision().next;
    sum.last_http_status = s->attempt().http_status;
    switch (s->decision().next) {
      case DeliveryState::delivered: {
        const std::int64_t created = claim.created_at.time_since_epoch().count();
        ++sum.delivered;
        sum.created_ms_sum += created;
        sum.created_ms_min = std::min(sum.created_ms_min, created);
        break;
      }
      case DeliveryState::failed: ++sum.failed; break;
      case DeliveryState::dead_lettered: ++sum.dead_lettered; break;
      default: ++sum.retried;
    }
  }
  return sums;
}

}  // namespace opi::delivery
