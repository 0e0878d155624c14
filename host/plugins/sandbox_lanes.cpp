#include "plugins/sandbox_lanes.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace opi::plugins {
namespace {

using Shares = TenantShares<TenantId>;

// Whose turn it is of those who wait; `slow`: of the lanes that slow calls may have. Null: nobody's.
const TenantId* next_of(const FairQueue<TenantId, const void*>& queue, const Shares& all, const Shares* slow) {
  return queue.next([&](const TenantId& one) {
    const bool others_wait = queue.has_others_than(one);
    return all.may_take(one, others_wait) && (slow == nullptr || slow->may_take(one, others_wait));
  });
}

}  // namespace

SandboxLanes::SandboxLanes(Make make, std::vector<std::string> places)
    : make_(std::move(make)), places_(std::move(places)), lanes_(most) {}

bool SandboxLanes::is_turn_of(const TenantId& tenant, bool slow, const void* call) const {
  const auto& queue = slow ? slow_ : quick_;
  const auto* const next = next_of(queue, shares_, slow ? &slow_shares_ : nullptr);
  return next != nullptr && *next == tenant && queue.first(tenant) == call;
}

std::shared_ptr<Sandbox> SandboxLanes::take(const TenantId& tenant, bool slow,
                                            std::chrono::steady_clock::time_point until, std::string& why) {
  const auto now = state_of_places();
  Lock lock(mutex_);
  const void* const call = &why;
  queue(slow).push(tenant, call);
  bool in_time = true;
  while (!stopped_ && in_time && !is_turn_of(tenant, slow, call)) in_time = changed_.wait_until(lock, until);
  const bool mine = !stopped_ && is_turn_of(tenant, slow, call);
  if (mine)
    queue(slow).pop(tenant);
  else
    queue(slow).remove(tenant, [call](const void* one) { return one == call; });
  changed_.notify_all();  // it is somebody else's turn
  if (!mine) {
    why = stopped_ ? "the plugin is being stopped" : "all of its processes are busy";
    return nullptr;
  }
  // There is one: each that is held has one of the places.
  const auto lane = std::ranges::find_if(lanes_, [](const Lane& one) { return !one.held; });
  HeldPlace<TenantId> held(shares_, tenant), held_slowly;
  if (slow) held_slowly = {slow_shares_, tenant};
  if (!lane->sandbox)
    lane->sandbox = make_();
  else if (lane->seen != now)
    lane->sandbox->renew();
  lane->seen = now;
  lane->held = std::move(held);
  lane->held_slowly = std::move(held_slowly);
  const auto number = static_cast<std::size_t>(lane - lanes_.begin());
  auto* const sandbox = lane->sandbox.get();
  lock.unlock();  // what follows may give it back, should there be no memory
  return {sandbox, [self = shared_from_this(), number](Sandbox*) { self->give_back(number); }};
}

void SandboxLanes::give_back(std::size_t number) {
  const Lock lock(mutex_);
  lanes_[number].held = {};
  lanes_[number].held_slowly = {};
  changed_.notify_all();
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
    changed_.notify_all();
  }
  for (const auto& one : all) one->stop();
}

}  // namespace opi::plugins
