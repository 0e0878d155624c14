#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/clock.hpp"
#include "domain/delivery_state.hpp"
#include "domain/ids.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// What settlements of some time came to.
struct SettledCounts {
  std::int64_t delivered = 0, failed = 0, dead_lettered = 0, retried = 0;
  // From acceptance to delivery of those delivered; the time that a dead letter lay included.
  std::chrono::milliseconds latency_sum{0}, latency_max{0};

  SettledCounts& operator+=(const SettledCounts& more) {
    delivered += more.delivered;
    failed += more.failed;
    dead_lettered += more.dead_lettered;
    retried += more.retried;
    latency_sum += more.latency_sum;
    latency_max = std::max(latency_max, more.latency_max);
    return *this;
  }
};

struct LastResult {
  UnixTime at{};
  DeliveryState state{};  // that the settlement led to
  std::optional<int> http_status;
};

struct DestinationHealth {
  DestinationId destination;
  SettledCounts settled;                                          // within the time asked for
  std::int64_t pending = 0, delivering = 0, retry_scheduled = 0;  // now
  std::int64_t parked = 0;                                        // dead letters, now
  std::optional<LastResult> last;                                 // ever, as far as retention reaches
};

struct HealthBucket {
  UnixTime start{};
  SettledCounts settled;
};

struct DeliveryHealth {
  std::vector<DestinationHealth> destinations;  // those of the catalog and those that have live deliveries
  std::vector<HealthBucket> series;             // ascending; buckets in which nothing was settled are left out
};

// Settlements are summed up in steps of this length, which begin at multiples of it since the Unix epoch.
inline constexpr std::chrono::minutes rollup_step{5};

// A tenant's deliveries in numbers, from sums that settlements keep: fast however many there are. Thread-safe. Throws
// StoreUnavailable.
class HealthQuery {
 public:
  virtual ~HealthQuery() = default;
  // Of the steps that begin in [from, to), the series in buckets of `bucket`, a multiple of rollup_step.
  virtual DeliveryHealth health(const TenantId& tenant, UnixTime from, UnixTime to, std::chrono::minutes bucket) = 0;
};

}  // namespace opi::delivery
