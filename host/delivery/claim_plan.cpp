#include <algorithm>

#include "delivery/scheduler.hpp"
#include "foundation/check.hpp"
#include "foundation/fair_share.hpp"

namespace opi::delivery {

ClaimPlan Scheduler::plan(MonoTime now) {
  const Lock lock(mutex_);
  fire(now);
  const bool contended = round_.size() > 1 || contention_.present(now);
  int budget =
      std::min(contended ? std::min(options_.claim_batch, options_.claim_batch_beside) : options_.claim_batch, free());
  if (budget <= 0 || round_.empty() || !ownership_->valid_at(now)) return {};
  // Nothing below may throw: a reservation is given back by the plan alone.
  std::vector<Lane*> granted;
  std::vector<ClaimRequest> requests;
  granted.reserve(static_cast<std::size_t>(budget));
  requests.reserve(static_cast<std::size_t>(budget));
  for (std::size_t passed = 0; budget > 0 && passed < round_.size();) {  // passed: in a row, with nothing to take
    TenantLanes& tenant = round_.front();
    const int taken = grant_turn(tenant, budget, granted, now);
    if (taken > 0) contention_.had_turn(&tenant, now);
    budget -= taken;
    passed = taken > 0 ? 0 : passed + 1;
    if (!tenant.ready.empty()) round_.splice(round_.end(), round_, round_.begin());
  }
  for (Lane* lane : granted) {
    requests.push_back(request_of(*lane, now));
    leave_place(*lane);
    put(*lane, LanePlace::claiming);
  }
  return {*this, std::move(requests), std::move(granted), ownership_->valid_until()};
}

bool Scheduler::can_be_granted(TenantLanes& tenant, MonoTime now) {
  const int room = room_of(tenant);
  return room > 0 && std::ranges::any_of(
                         tenant.ready, [&](Lane& lane) { return room_of(lane, room) > 0 && lane.free_slots(now) > 0; });
}

// How many slots more the tenant may take now.
int Scheduler::room_of(const TenantLanes& tenant) const {
  const bool alone = tenant.busy == busy_ && round_.size() == 1;
  return static_cast<int>(further_places(tenant.busy, free(), options_.max_in_flight, alone));
}

// And how many of its tenant's `room` a lane may take.
int Scheduler::room_of(const Lane& lane, int room) {
  const int held = lane.in_flight + lane.reserved;
  const bool alone = held == lane.tenant->busy && lane.tenant->ready.size() == 1;
  return static_cast<int>(further_places(held, room, lane.tenant->busy + room, alone));
}

// Gives the tenant's first destination that may take some its turn. Returns how many it took.
int Scheduler::grant_turn(TenantLanes& tenant, int budget, std::vector<Lane*>& granted, MonoTime now) {
  const int room = room_of(tenant);
  if (room <= 0) return 0;
  for (std::size_t left = tenant.ready.size(); left > 0; --left) {
    Lane& lane = tenant.ready.front();
    const int own = lane.free_slots(now);
    const int taken = std::min({options_.quantum, own, room_of(lane, room), budget});
    if (taken <= 0 && own <= 0) {
      place(lane);  // it is ready no more
      continue;
    }
    tenant.ready.splice(tenant.ready.end(), tenant.ready, tenant.ready.begin());
    if (taken <= 0) continue;
    if (lane.reserved == 0) granted.push_back(&lane);
    lane.reserved += taken;
    tenant.busy += taken;
    busy_ += taken;
    lane.limiter.take(taken);
    return taken;
  }
  return 0;
}

ClaimRequest Scheduler::request_of(Lane& lane, MonoTime now) {
  lane.hints_at_plan = lane.hints;
  DueTime from = lane.watermark;
  lane.sweeping = lane.swept_at == MonoTime{} || now - lane.swept_at >= options_.sweep_interval;
  const bool overtaken = std::exchange(lane.overtaken, false);
  lane.looks_back = lane.sweeping || overtaken;
  if (lane.sweeping) lane.swept_at = now;
  if (lane.looks_back && from != due_since_ever)
    from -= std::chrono::microseconds{lane.sweeping ? options_.swept : options_.overtaken}.count();
  return {lane.id, lane.reserved, from};
}

std::vector<Slot> Scheduler::claimed(const ClaimPlan& plan, std::span<const Claim> claims, MonoTime now) {
  std::vector<Slot> slots;
  slots.reserve(claims.size());  // before anything changes
  const Lock lock(mutex_);
  for (const auto& claim : claims) {
    Lane* lane = find(claim->destination);
    OPI_CHECK(lane != nullptr && lane->place == LanePlace::claiming);  // the store claims what it was asked for
    ++lane->got;
    lane->last_got = std::max(lane->last_got, claim->due_at);
    slots.push_back(Slot{*this, *lane, claim->due_at});
  }
  for (std::size_t i = 0; i < plan.requests_.size(); ++i) read_answer(plan.requests_[i], *plan.lanes_[i], now);
  return slots;
}

void Scheduler::read_answer(const ClaimRequest& request, Lane& lane, MonoTime now) {
  const int got = std::exchange(lane.got, 0);
  const DueTime last = std::exchange(lane.last_got, due_since_ever);
  OPI_CHECK(got <= request.limit, got, request.limit);
  const bool full = got == request.limit;
  lane.in_flight += got;
  in_flight_ += got;
  lane.tenant->busy += got;
  busy_ += got;
  unreserve(lane, request.limit);
  lane.limiter.spend(got, now);
  lane.limiter.give_back(request.limit - got);
  // A full look before the watermark has not seen all there is: the next claim goes on where it ended, so that what
  // became visible late goes as fast as anything else.
  if (lane.looks_back && full)
    lane.watermark = last;
  else
    lane.watermark = std::max(lane.watermark, last);
  if (full || lane.hints != lane.hints_at_plan)
    lane.next_due = now;
  else
    lane.next_due = lane.sweeping ? MonoTime::max() : lane.swept_at + options_.sweep_interval;
  put(lane, LanePlace::idle);
  place(lane);
}

void Scheduler::not_claimed(const ClaimRequest& request, Lane& lane, bool asked) noexcept {
  const Lock lock(mutex_);
  unreserve(lane, request.limit);
  lane.limiter.give_back(request.limit);
  lane.next_due = MonoTime{};
  // The claim may have happened although its answer was lost; what it took may come back below the watermark.
  if (asked || lane.sweeping) lane.swept_at = {};
  lane.overtaken = lane.overtaken || lane.looks_back;
  put(lane, LanePlace::idle);
  place(lane);
}

void Scheduler::unreserve(Lane& lane, int count) {
  lane.reserved -= count;
  lane.tenant->busy -= count;
  busy_ -= count;
  OPI_CHECK(lane.reserved >= 0 && lane.tenant->busy >= 0 && busy_ >= 0, lane.reserved, lane.tenant->busy, busy_);
}

void Scheduler::free_slot(Lane& lane) {
  --lane.in_flight;
  --lane.tenant->busy;
  --in_flight_;
  --busy_;
  // Or it would claim beyond its limits.
  OPI_CHECK(lane.in_flight >= 0 && lane.tenant->busy >= 0 && in_flight_ >= 0, lane.in_flight, lane.tenant->busy,
            in_flight_);
}

void Scheduler::give_back(Lane& lane, DueTime due_at) noexcept {
  const Lock lock(mutex_);
  free_slot(lane);
  lane.watermark = std::min(lane.watermark, due_at);
  become_due(lane, MonoTime{});
  if (lane.place != LanePlace::ready) place(lane);
}

void Scheduler::finished(Lane& lane, const Feedback& feedback, MonoTime now) noexcept {
  const Lock lock(mutex_);
  free_slot(lane);
  const bool was_tripped = lane.breaker.tripped();
  const MonoTime probe_at = lane.breaker.probe_at();
  if (feedback.kind == Feedback::Kind::answered) {
    lane.breaker.succeeded();
    if (feedback.pause.count() == 0) lane.was_answered(now);
  }
  if (feedback.kind == Feedback::Kind::failed) lane.breaker.failed(now);
  tripped_ += static_cast<int>(lane.breaker.tripped()) - static_cast<int>(was_tripped);
  if (lane.breaker.tripped() && !was_tripped) lane.tripped_since = feedback.at;
  bool changed = was_tripped != lane.breaker.tripped() || (was_tripped && probe_at != lane.breaker.probe_at());
  if (feedback.kind != Feedback::Kind::none && lane.found_by_attempt && lane.hold && lane.ours) {
    lane.hold.reset();  // something went out
    changed = true;
  }
  if (feedback.pause.count() > 0) {
    if (lane.paused_until <= now) lane.paused_since = feedback.at;
    lane.paused_until = std::max(lane.paused_until, now + feedback.pause);
    lane.throttled();
    changed = true;
  }
  if (changed) remember(lane);
  if (feedback.next_due_in) become_due(lane, now + *feedback.next_due_in);
  if (changed || lane.place != LanePlace::ready) place(lane);
}

Slot& Slot::operator=(Slot&& other) noexcept {
  if (this == &other) return *this;
  release();
  scheduler_ = std::exchange(other.scheduler_, nullptr);
  lane_ = other.lane_;
  due_at_ = other.due_at_;
  return *this;
}

void Slot::finish(const Feedback& feedback, MonoTime now) {
  if (auto* scheduler = std::exchange(scheduler_, nullptr)) scheduler->finished(*lane_, feedback, now);
}

void Slot::release() noexcept {
  if (auto* scheduler = std::exchange(scheduler_, nullptr)) scheduler->give_back(*lane_, due_at_);
}

ClaimPlan& ClaimPlan::operator=(ClaimPlan&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  scheduler_ = std::exchange(other.scheduler_, nullptr);
  requests_ = std::move(other.requests_);
  lanes_ = std::move(other.lanes_);
  valid_until_ = other.valid_until_;
  asked_ = other.asked_;
  return *this;
}

void ClaimPlan::abandon() noexcept {
  if (scheduler_ == nullptr) return;
  for (std::size_t i = 0; i < requests_.size(); ++i) scheduler_->not_claimed(requests_[i], *lanes_[i], asked_);
}

int ClaimPlan::wanted() const {
  int sum = 0;
  for (const auto& request : requests_) sum += request.limit;
  return sum;
}

void ClaimPlan::drop(const std::function<bool(const DestinationId&)>& unwanted) {
  for (std::size_t i = 0; i < requests_.size();) {
    if (!unwanted(requests_[i].destination)) {  // may throw: what is in the plan then is what is reserved
      ++i;
      continue;
    }
    const ClaimRequest request = requests_[i];
    Lane& lane = *lanes_[i];
    requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(i));
    lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(i));
    scheduler_->not_claimed(request, lane, false);
  }
}

std::vector<Slot> ClaimPlan::claimed(std::span<const Claim> claims, MonoTime now) {
  if (scheduler_ == nullptr) return {};
  auto slots = scheduler_->claimed(*this, claims, now);
  requests_.clear();
  lanes_.clear();
  return slots;
}

}  // namespace opi::delivery
