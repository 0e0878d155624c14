#pragma once
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "delivery/settlement.hpp"

namespace opi::delivery {

// What a batch of settlements adds to the rollup of one destination.
struct RollupSum {
  std::int64_t delivered = 0, failed = 0, dead_lettered = 0, retried = 0;
  // Acceptance of those delivered, ms since the Unix epoch: with the store's own time they give the latencies.
  std::int64_t created_ms_sum = 0, created_ms_min = INT64_MAX;
  DeliveryState last_state{};  // of the batch's last settlement
  std::optional<int> last_http_status;
};

using RollupSums = std::map<std::pair<TenantId, DestinationId>, RollupSum>;  // in lock order

// Pure.
RollupSums rollup_sums(std::span<const Settlement* const> settlements);

}  // namespace opi::delivery
