#include "delivery/scheduler.hpp"

#include <algorithm>

#include "foundation/check.hpp"

namespace opi::delivery {
namespace {

// Of a hold that another daemon has found, or this one before its restart.
bool is_found_by_attempt(HoldCause cause) {
  return cause == HoldCause::configuration_refused || cause == HoldCause::adapter_unavailable ||
         cause == HoldCause::credential_unusable || cause == HoldCause::secret_store_unavailable;
}

}  // namespace

Scheduler::Scheduler(const Options& options, std::function<void()> memory_changed)
    : options_(options),
      memory_changed_(std::move(memory_changed)),
      ownership_(Ownership::sole()),
      contention_(options.contention) {}

Scheduler::~Scheduler() {
  const Lock lock(mutex_);
  timed_.clear();
  changed_.clear();
  strangers_.clear();
  round_.clear();
  for (auto& [id, tenant] : tenants_) tenant->ready.clear();
}

void Scheduler::update(const Catalog& catalog) {
  const Lock lock(mutex_);
  for (auto& [id, lane] : lanes_) lane->listed = false;
  for (const auto& [id, destination] : catalog.destinations) {
    auto& slot = lanes_[id];
    if (!slot) {
      auto& tenant = tenants_[destination->tenant_id];
      if (!tenant) tenant = std::make_unique<TenantLanes>();
      slot = std::make_unique<Lane>(id, *tenant, options_.breaker, looks_);
      ++tenant->lanes;
      ++placed_[static_cast<std::size_t>(LanePlace::idle)];
      slot->ours = ownership_->owns(id);
    }
    Lane& lane = *slot;
    // What was due while it was held lies behind the watermark.
    if (!lane.served && destination->served()) lane.watermark = due_since_ever;
    lane.listed = true;
    lane.served = destination->served();
    lane.cap = destination->max_in_flight;
    lane.limiter.set_rate(destination->rate_limit_per_second);
  }
  for (auto at = lanes_.begin(); at != lanes_.end();) {
    Lane& lane = *at->second;
    list_if_stranger(lane);
    if (lane.listed || lane.in_flight > 0 || lane.reserved > 0) {
      place(lane);
      ++at;
      continue;
    }
    leave_place(lane);
    --placed_[static_cast<std::size_t>(LanePlace::idle)];
    if (static_cast<ChangedHook&>(lane).is_linked()) changed_.erase(changed_.iterator_to(lane));
    tripped_ -= lane.breaker.tripped() ? 1 : 0;
    --lane.tenant->lanes;
    at = lanes_.erase(at);
  }
  std::erase_if(tenants_, [](const auto& item) { return item.second->lanes == 0; });
  count_served();
}

void Scheduler::update(std::shared_ptr<const Ownership> ownership) {
  const Lock lock(mutex_);
  const auto before = std::exchange(ownership_, std::move(ownership));
  const bool anew = before->since() != ownership_->since();
  if (!anew && before->owners() == ownership_->owners()) return;
  for (auto& [id, lane] : lanes_) {
    const bool ours = ownership_->owns(id);
    if (ours == lane->ours && !anew) continue;
    lane->ours = ours;
    // What this daemon knew of it is of a time when others did not serve it.
    lane->known = false;
    lane->hold.reset();
    lane->next_due = MonoTime::max();
    lane->watermark = due_since_ever;
    list_if_stranger(*lane);
    place(*lane);
  }
  count_served();
}

void Scheduler::count_served() {
  served_ = static_cast<int>(std::ranges::count_if(lanes_, [](const auto& item) {
    const Lane& lane = *item.second;
    return lane.listed && lane.served && lane.ours;
  }));
}

void Scheduler::list_if_stranger(Lane& lane) {
  const bool is = lane.listed && lane.ours && (!lane.known || lane.elsewhere > 0);
  const bool was = static_cast<StrangerHook&>(lane).is_linked();
  if (is && !was) strangers_.push_back(lane);
  if (!is && was) strangers_.erase(strangers_.iterator_to(lane));
}

std::vector<DestinationId> Scheduler::to_introduce(std::size_t limit, bool leased_elsewhere) {
  const Lock lock(mutex_);
  std::vector<DestinationId> result;
  for (const auto& lane : strangers_) {
    if (result.size() == limit) break;
    if (!lane.known || leased_elsewhere) result.push_back(lane.id);
  }
  return result;
}

void Scheduler::introduce(const DestinationMemory& memory, const std::optional<DueDestination>& due, MonoTime now) {
  const Lock lock(mutex_);
  Lane* lane = find(memory.destination);
  if (lane == nullptr || !lane->ours) return;
  const bool first = !std::exchange(lane->known, true);
  lane->elsewhere = memory.leased_elsewhere;
  // Also later: what the daemon before it had under way may have been answered with a pause.
  lane->paused_until = std::max(lane->paused_until, now + memory.pause);
  if (memory.pause.count() > 0) {
    lane->throttled();
    lane->paused_since = memory.paused_since;
  }
  if (first) {
    lane->hold = memory.hold;  // whoever looks next says whether that is so still
    lane->found_by_attempt = lane->hold && is_found_by_attempt(lane->hold->cause);
    if (memory.probe_in && !lane->breaker.tripped()) {
      lane->breaker.trip(now + *memory.probe_in);
      lane->tripped_since = memory.tripped_since;
      ++tripped_;
    }
    if (lane->breaker.tripped()) remember(*lane);  // it may have been tripped before it had a word
    // The daemon before it may have used up this second's tokens.
    if (ownership_->shared()) lane->limiter.start_empty(now);
    if (due) lane->watermark = due->due_at;
  }
  list_if_stranger(*lane);
  if (due) become_due(*lane, now + due->due_in);
  place(*lane);
}

std::vector<DueSearch> Scheduler::introduced() {
  const Lock lock(mutex_);
  std::vector<DueSearch> result;
  result.reserve(lanes_.size());
  const auto stretch = std::chrono::microseconds{options_.searched}.count();
  for (const auto& [id, lane] : lanes_)
    if (lane->may_be_served())
      result.emplace_back(id, lane->watermark == due_since_ever ? due_since_ever : lane->watermark - stretch);
  return result;
}

std::vector<DestinationMemory> Scheduler::take_memories(std::size_t limit, MonoTime now) {
  const Lock lock(mutex_);
  std::vector<DestinationMemory> result;
  result.reserve(std::min(limit, lanes_.size()));
  while (!changed_.empty() && result.size() < limit) {
    const Lane& lane = changed_.front();
    DestinationMemory memory{.destination = lane.id};
    const auto left = [now](MonoTime until) {
      return std::max(std::chrono::milliseconds{0}, std::chrono::ceil<std::chrono::milliseconds>(until - now));
    };
    memory.pause = left(lane.paused_until);
    if (lane.breaker.tripped()) memory.probe_in = left(lane.breaker.probe_at());
    if (memory.pause.count() > 0) memory.paused_since = lane.paused_since;
    if (lane.breaker.tripped()) memory.tripped_since = lane.tripped_since;
    if (lane.ours) memory.hold = lane.hold;
    // Who does not serve it, or has not read yet what is stored, has no word on breaker and hold.
    memory.late = !lane.ours || !lane.known;
    if (!memory.late || memory.pause.count() > 0) result.push_back(memory);
    changed_.pop_front();
  }
  return result;
}

void Scheduler::not_remembered(std::span<const DestinationMemory> memories) {
  const Lock lock(mutex_);
  for (const auto& memory : memories)
    if (Lane* lane = find(memory.destination)) remember(*lane);
}

bool Scheduler::mark_due(const DestinationId& destination, MonoTime when) {
  const Lock lock(mutex_);
  Lane* lane = find(destination);
  if (lane == nullptr) return false;
  if (lane->ours) become_due(*lane, when);
  return lane->ours;
}

void Scheduler::announced(const DestinationId& destination, MonoTime when) {
  const Lock lock(mutex_);
  Lane* lane = find(destination);
  if (lane == nullptr || !lane->ours) return;
  lane->overtaken = true;
  become_due(*lane, when);
}

void Scheduler::discovered(const DueDestination& due, MonoTime now) {
  const Lock lock(mutex_);
  Lane* lane = find(due.destination);
  if (lane == nullptr || !lane->ours) return;
  lane->watermark = std::min(lane->watermark, due.due_at);
  become_due(*lane, now + due.due_in);
}

bool Scheduler::hold(const DestinationId& destination, MonoTime until, const Hold& hold, FoundBy found_by) {
  const Lock lock(mutex_);
  Lane* lane = find(destination);
  if (lane == nullptr) return false;
  lane->held_until = std::max(lane->held_until, until);
  place(*lane);
  if (!lane->ours || !lane->known) return false;  // what is stored of it is somebody else's word, or not read yet
  lane->found_by_attempt = found_by == FoundBy::attempt;
  if (lane->hold && lane->hold->cause == hold.cause && lane->hold->detail == hold.detail) return false;
  // For the same cause with other words it has been held all along.
  const auto since = lane->hold && lane->hold->cause == hold.cause ? lane->hold->since : hold.since;
  lane->hold = hold;
  lane->hold->since = since;
  remember(*lane);
  return true;
}

std::optional<Hold> Scheduler::resume(const DestinationId& destination, FoundBy found_by) {
  const Lock lock(mutex_);
  Lane* lane = find(destination);
  if (lane == nullptr) return std::nullopt;
  lane->held_until = {};
  place(*lane);
  if (!lane->hold || (lane->found_by_attempt && found_by == FoundBy::look)) return std::nullopt;
  remember(*lane);
  return std::exchange(lane->hold, std::nullopt);
}

void Scheduler::pause(const DestinationId& destination, MonoTime until) {
  const Lock lock(mutex_);
  Lane* lane = find(destination);
  if (lane == nullptr) return;
  lane->held_until = std::max(lane->held_until, until);
  place(*lane);
}

void Scheduler::end_pause(const DestinationId& destination) {
  const Lock lock(mutex_);
  Lane* lane = find(destination);
  if (lane == nullptr) return;
  lane->held_until = {};
  place(*lane);
}

MonoTime Scheduler::next_wakeup(MonoTime now) {
  const Lock lock(mutex_);
  if (free() <= 0) return MonoTime::max();
  fire(now);
  for (auto& tenant : round_)
    if (can_be_granted(tenant, now)) return now;
  return timed_.empty() ? MonoTime::max() : timed_.begin()->timed_for;
}

bool Scheduler::serves(const DestinationId& destination) {
  const Lock lock(mutex_);
  const Lane* lane = find(destination);
  return lane != nullptr && lane->listed && lane->ours && lane->known;
}

Scheduler::LaneStatus Scheduler::status(const DestinationId& destination, MonoTime now) {
  const Lock lock(mutex_);
  const Lane* lane = find(destination);
  LaneStatus status;
  if (const auto* owner = ownership_->owner(destination); owner != nullptr && ownership_->valid_at(now)) {
    status.served_by = *owner;
    status.here = ownership_->owns(destination);
  }
  if (lane == nullptr) return status;
  const auto left = [now](MonoTime until) { return std::chrono::ceil<std::chrono::milliseconds>(until - now); };
  status.known = lane->known;
  status.in_flight = lane->in_flight;
  if (lane->breaker.open(now)) {
    status.breaker = LaneStatus::Breaker::open;
    status.probe_in = left(lane->breaker.probe_at());
  } else if (lane->breaker.tripped()) {
    status.breaker = LaneStatus::Breaker::probing;
  }
  if (lane->breaker.tripped()) status.tripped_since = lane->tripped_since;
  if (lane->paused_until > now) {
    status.pause = left(lane->paused_until);
    status.paused_since = lane->paused_since;
  }
  status.hold = lane->hold;
  return status;
}

Scheduler::Counts Scheduler::counts(MonoTime now) {
  const Lock lock(mutex_);
  fire(now);
  const auto at = [this](LanePlace place) { return placed_[static_cast<std::size_t>(place)]; };
  return {in_flight_, at(LanePlace::ready) + at(LanePlace::claiming) + at(LanePlace::full), tripped_, served_, looks_};
}

void Scheduler::become_due(Lane& lane, MonoTime when) {
  ++lane.hints;
  if (when >= lane.next_due) return;
  lane.next_due = when;
  if (lane.place != LanePlace::ready) place(lane);
}

// Its memory goes to the store soon.
void Scheduler::remember(Lane& lane) {
  if (static_cast<ChangedHook&>(lane).is_linked()) return;
  changed_.push_back(lane);
  memory_changed_();
}

// Puts the lane where it belongs now. Those whose time has come go to the ready ones in fire(), as all others do.
void Scheduler::place(Lane& lane) {
  if (lane.place == LanePlace::claiming) return;  // the end of its claim puts it
  leave_place(lane);
  const MonoTime ready_at = lane.ready_at();
  if (ready_at != MonoTime::max()) {
    lane.timed_for = ready_at;
    timed_.insert(lane);
    put(lane, LanePlace::timed);
  } else if (lane.may_be_served() && lane.next_due != MonoTime::max()) {
    put(lane, LanePlace::full);
  }
}

void Scheduler::put(Lane& lane, LanePlace place) {
  --placed_[static_cast<std::size_t>(lane.place)];
  lane.place = place;
  ++placed_[static_cast<std::size_t>(place)];
}

void Scheduler::leave_place(Lane& lane) {
  if (lane.place == LanePlace::timed) timed_.erase(timed_.iterator_to(lane));
  if (lane.place == LanePlace::ready) {
    TenantLanes& tenant = *lane.tenant;
    tenant.ready.erase(tenant.ready.iterator_to(lane));
    if (tenant.ready.empty()) round_.erase(round_.iterator_to(tenant));
  }
  put(lane, LanePlace::idle);
}

void Scheduler::fire(MonoTime now) {
  while (!timed_.empty() && timed_.begin()->timed_for <= now) {
    Lane& lane = *timed_.begin();
    leave_place(lane);
    if (lane.tenant->ready.empty()) round_.push_back(*lane.tenant);
    lane.tenant->ready.push_back(lane);
    put(lane, LanePlace::ready);
  }
}

Lane* Scheduler::find(const DestinationId& destination) {
  const auto found = lanes_.find(destination);
  return found == lanes_.end() ? nullptr : found->second.get();
}

}  // namespace opi::delivery
