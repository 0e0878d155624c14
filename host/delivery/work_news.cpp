#include "delivery/work_news.hpp"

#include <vector>

namespace opi::delivery {

using std::chrono::milliseconds;

void WorkNews::stored(std::span<const NewEvent> events, std::span<const InsertResult> results) {
  std::unordered_set<DestinationId> destinations;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (results[i] == InsertResult::accepted)
      for (const auto& delivery : events[i].deliveries) destinations.insert(delivery.destination);
  due(std::vector(destinations.begin(), destinations.end()), instruments_.clock.mono_now());
}

void WorkNews::due(std::span<const DestinationId> destinations, MonoTime when) {
  bool any_here = false, any_elsewhere = false;
  for (const auto& destination : destinations) {
    if (scheduler_.mark_due(destination, when)) {
      any_here = true;
      continue;
    }
    const Lock lock(mutex_);
    any_elsewhere = elsewhere_.insert(destination).second || any_elsewhere;
  }
  if (any_here) listeners_.here();
  if (any_elsewhere) listeners_.elsewhere();
}

void WorkNews::due_somewhere() {
  {
    const Lock lock(mutex_);
    somewhere_ = true;
  }
  listeners_.everywhere();
  listeners_.elsewhere();
}

milliseconds WorkNews::run_once() {
  const MonoTime now = instruments_.clock.mono_now();
  std::vector<DestinationId> destinations;
  bool somewhere = false;
  {
    const Lock lock(mutex_);
    if (elsewhere_.empty() && !somewhere_) return std::chrono::hours{1};
    if (now - announced_at_ < options_.interval)
      return std::chrono::ceil<milliseconds>(announced_at_ + options_.interval - now);
    destinations.assign(elsewhere_.begin(), elsewhere_.end());
    somewhere = std::exchange(somewhere_, false);
    elsewhere_.clear();
  }
  announced_at_ = now;
  if (somewhere) destinations.clear();
  // What is not announced, because the store is away, the others' discovery finds.
  store_.announce(destinations);
  return options_.interval;
}

}  // namespace opi::delivery
