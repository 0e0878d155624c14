#include "delivery/delivery_filter.hpp"

#include <algorithm>

namespace opi::delivery {
namespace {

constexpr std::chrono::hours clock_slack{1};

// Below every id made at that time or later.
Uuid first_id(UnixTime time) { return Uuid::v7(std::max(time.time_since_epoch(), std::chrono::milliseconds{0}), {}); }

}  // namespace

std::pair<Uuid, Uuid> id_range(const DeliveryFilter& filter) {
  Uuid from, before;
  before.bytes.fill(0xff);
  if (filter.created_from) from = first_id(*filter.created_from - clock_slack);
  if (filter.created_to) before = first_id(*filter.created_to + clock_slack);
  if (filter.only) {
    from = std::max(from, filter.only->value);
    before = std::min(before, filter.only->value.successor());
  }
  if (filter.before) before = std::min(before, filter.before->value);
  return {from, before};
}

}  // namespace opi::delivery
