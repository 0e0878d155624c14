#pragma once
#include <algorithm>
#include <map>

#include "domain/clock.hpp"
#include "domain/ids.hpp"

namespace opi::simulation {

// What went to each destination, held against its rate: in any time, no more than the rate allows in it and what a full
// bucket holds besides, whoever sent it. What changes hands brings no bucket of its own.
class Rates {
 public:
  // One more now. False if that is too many.
  bool one_more(const DestinationId& destination, double per_second, MonoTime now) {
    const double holds = std::max(1.0, per_second);
    Bucket& bucket = buckets_.try_emplace(destination, Bucket{holds, now}).first->second;
    bucket.left += std::chrono::duration<double>(now - bucket.at).count() * per_second;
    bucket = {std::min(bucket.left, holds) - 1, now};
    constexpr double rounding = 1e-6;
    return bucket.left >= -rounding;
  }
  // What went before does not count.
  void forget(const DestinationId& destination) { buckets_.erase(destination); }

 private:
  struct Bucket {
    double left = 0;
    MonoTime at{};
  };
  std::map<DestinationId, Bucket> buckets_;
};

}  // namespace opi::simulation
