#include "plugins/sandbox_lanes.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace opi::plugins {

SandboxLanes::SandboxLanes(Make make, std::vector<std::string> places)
    : make_(std::move(make)), places_(std::move(places)), lanes_(most) {}

std::optional<std::size_t> SandboxLanes::free_lane(bool slow) const {
  const auto busy = static_cast<std::size_t>(std::ranges::count_if(lanes_, &Lane::busy));
  if (busy + (slow ? 1 : 0) >= lanes_.size()) return std::nullopt;
  return std::ranges::find(lanes_, false, &Lane::busy) - lanes_.begin();
}

std::shared_ptr<Sandbox> SandboxLanes::take(const TenantId& tenant, bool slow,
                                            std::chrono::steady_clock::time_point until, std::string& why) {
  const auto now = state_of_places();
  Lock lock(mutex_);
  auto number = free_lane(slow);
  for (; !number; number = free_lane(slow))
    if (!changed_.wait_until(lock, until) && !free_lane(slow)) {
      why = "all of its processes are busy";
      return nullptr;
    }
  if (stopped_) return why = "the plugin is being stopped", nullptr;
  for (const auto& lane : lanes_)  // what one of them died of twice, the others must not be asked
    if (lane.sandbox)
      if (why = lane.sandbox->quarantine(tenant); !why.empty()) return nullptr;
  auto& lane = lanes_[*number];
  if (!lane.sandbox)
    lane.sandbox = make_();
  else if (lane.seen != now)
    lane.sandbox->renew();
  lane.seen = now;
  lane.busy = true;
  return {lane.sandbox.get(), [self = shared_from_this(), at = *number](Sandbox*) { self->give_back(at); }};
}

void SandboxLanes::give_back(std::size_t number) {
  const Lock lock(mutex_);
  lanes_[number].busy = false;
  changed_.notify_one();
}

// Which file or folder stands at each, by what tells one from another.
std::string SandboxLanes::state_of_places() const {
  std::string state;
  for (const auto& place : places_) {
    struct stat found {};
    const bool is_there = ::stat(place.c_str(), &found) == 0;
    state += is_there ? std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino) + ";" : ";";
  }
  return state;
}

void SandboxLanes::stop() {
  std::vector<std::shared_ptr<Sandbox>> all;
  {
    const Lock lock(mutex_);
    stopped_ = true;
    for (const auto& lane : lanes_)
      if (lane.sandbox) all.push_back(lane.sandbox);
  }
  for (const auto& one : all) one->stop();
}

}  // namespace opi::plugins
