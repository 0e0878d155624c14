#include "delivery/scheduler.hpp"

#include <algorithm>
#include <deque>

#include "foundation/check.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

void Scheduler::update(const Catalog& catalog) {
  const Lock lock(mutex_);
  for (auto& [id, lane] : lanes_) lane->listed = false;
  for (auto& [tenant, group] : tenants_) group.lanes.clear();
  for (const auto& [id, destination] : catalog.destinations) {
    auto& slot = lanes_[id];
    if (!slot) slot = std::make_unique<Lane>(id, options_.breaker);
    Lane& lane = *slot;
    // What was due while it was held lies behind the watermark.
    if (!lane.served && destination->served()) lane.watermark = due_since_ever;
    lane.listed = true;
    lane.served = destination->served();
    lane.cap = destination->max_in_flight;
    lane.limiter.set_rate(destination->rate_limit_per_second);
    tenants_[destination->tenant_id].lanes.push_back(&lane);
  }
  std::erase_if(tenants_, [](const auto& item) { return item.second.lanes.empty(); });
  std::erase_if(lanes_, [](const auto& item) {
    const Lane& lane = *item.second;
    return !lane.listed && lane.in_flight == 0 && lane.reserved == 0;
  });
  for (auto& [tenant, group] : tenants_) std::ranges::sort(group.lanes, {}, [](const Lane* lane) { return lane->id; });
}

void Scheduler::mark_due(const DestinationId& destination, MonoTime when) {
  const Lock lock(mutex_);
  if (Lane* lane = find(destination)) {
    lane->next_due = std::min(lane->next_due, when);
    ++lane->hints;
  }
}

std::vector<ClaimRequest> Scheduler::plan(MonoTime now) {
  const Lock lock(mutex_);
  int budget = std::min(options_.claim_batch, options_.max_in_flight - in_flight_ - reserved_);
  if (budget <= 0 || tenants_.empty()) return {};

  struct Turn {
    Lane* lane;
    int free, granted = 0;
  };
  std::deque<std::deque<Turn>> rotation;  // tenants in turn, each with its destinations in turn
  const auto collect = [&](TenantLanes& group) {
    std::deque<Turn> turns;
    const std::size_t count = group.lanes.size();
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i) {
      Lane& lane = *group.lanes[(group.cursor + i) % count];
      if (lane.next_due > now) continue;
      if (const int free = free_slots(lane, now); free > 0) turns.push_back({&lane, free});
    }
    if (!turns.empty()) rotation.push_back(std::move(turns));
    group.cursor = (group.cursor + 1) % count;
  };
  const auto first = tenants_.lower_bound(next_tenant_);
  for (auto it = first; it != tenants_.end(); ++it) collect(it->second);
  for (auto it = tenants_.begin(); it != first; ++it) collect(it->second);
  const auto began = first != tenants_.end() ? first : tenants_.begin();
  next_tenant_ = std::next(began) != tenants_.end() ? std::next(began)->first : TenantId{};

  std::vector<Turn> served;
  while (budget > 0 && !rotation.empty()) {
    std::deque<Turn> tenant = std::move(rotation.front());
    rotation.pop_front();
    Turn turn = tenant.front();
    tenant.pop_front();
    const int grant = std::min({options_.quantum, turn.free - turn.granted, budget});
    turn.granted += grant;
    budget -= grant;
    if (turn.granted < turn.free && budget > 0)
      tenant.push_back(turn);
    else
      served.push_back(turn);
    if (!tenant.empty()) rotation.push_back(std::move(tenant));
  }
  for (const auto& tenant : rotation)
    for (const auto& turn : tenant)
      if (turn.granted > 0) served.push_back(turn);

  std::vector<ClaimRequest> requests;
  requests.reserve(served.size());
  for (const auto& turn : served) requests.push_back(reserve(*turn.lane, turn.granted, now));
  return requests;
}

ClaimRequest Scheduler::reserve(Lane& lane, int limit, MonoTime now) {
  lane.reserved += limit;
  reserved_ += limit;
  lane.limiter.take(limit);
  lane.hints_at_plan = lane.hints;
  DueTime from = lane.watermark;
  if (lane.swept_at == MonoTime{} || now - lane.swept_at >= options_.sweep_interval) {
    from = due_since_ever;
    lane.swept_at = now;
  }
  return {lane.id, limit, from};
}

void Scheduler::claimed(std::span<const ClaimRequest> requests, std::span<const Claim> claims, MonoTime now) {
  const Lock lock(mutex_);
  std::unordered_map<DestinationId, int> got;
  for (const auto& claim : claims) {
    ++got[claim->destination];
    if (Lane* lane = find(claim->destination)) lane->watermark = std::max(lane->watermark, claim->due_at);
  }
  for (const auto& request : requests) {
    reserved_ -= request.limit;
    const int count = got[request.destination];
    OPI_CHECK(count <= request.limit, count, request.limit);  // the store claims no more than it was asked for
    in_flight_ += count;
    Lane* lane = find(request.destination);
    if (lane == nullptr) continue;
    lane->reserved -= request.limit;
    lane->in_flight += count;
    OPI_CHECK(reserved_ >= 0 && lane->reserved >= 0, reserved_, lane->reserved);
    lane->limiter.give_back(request.limit - count);
    if (count == request.limit || lane->hints != lane->hints_at_plan)
      lane->next_due = now;
    else if (request.due_from == due_since_ever)
      lane->next_due = MonoTime::max();
    else
      lane->next_due = lane->swept_at + options_.sweep_interval;
  }
}

void Scheduler::claim_failed(std::span<const ClaimRequest> requests, MonoTime now) {
  const Lock lock(mutex_);
  for (const auto& request : requests) {
    reserved_ -= request.limit;
    if (Lane* lane = find(request.destination)) {
      lane->reserved -= request.limit;
      lane->limiter.give_back(request.limit);
      lane->next_due = now;
      // The claim may have happened although its answer was lost; what it took comes back below the watermark.
      lane->swept_at = {};
    }
  }
}

void Scheduler::finished(const DestinationId& destination, const Feedback& feedback, MonoTime now) {
  const Lock lock(mutex_);
  --in_flight_;
  Lane* lane = find(destination);
  if (lane == nullptr) return;
  --lane->in_flight;
  OPI_CHECK(in_flight_ >= 0 && lane->in_flight >= 0, in_flight_,
            lane->in_flight);  // or it would claim beyond its caps
  if (feedback.kind == Feedback::Kind::answered) lane->breaker.succeeded();
  if (feedback.kind == Feedback::Kind::failed) lane->breaker.failed(now);
  if (feedback.pause.count() > 0) lane->not_before = std::max(lane->not_before, now + feedback.pause);
  if (feedback.next_due_in) {
    lane->next_due = std::min(lane->next_due, now + *feedback.next_due_in);
    ++lane->hints;
  }
}

void Scheduler::released(const DestinationId& destination, DueTime due_at, MonoTime now) {
  const Lock lock(mutex_);
  --in_flight_;
  Lane* lane = find(destination);
  if (lane == nullptr) return;
  --lane->in_flight;
  OPI_CHECK(in_flight_ >= 0 && lane->in_flight >= 0, in_flight_,
            lane->in_flight);  // or it would claim beyond its caps
  lane->watermark = std::min(lane->watermark, due_at);
  lane->next_due = std::min(lane->next_due, now);
  ++lane->hints;
}

void Scheduler::hold(const DestinationId& destination, MonoTime until) {
  const Lock lock(mutex_);
  if (Lane* lane = find(destination)) lane->not_before = std::max(lane->not_before, until);
}

MonoTime Scheduler::next_wakeup(MonoTime now) {
  const Lock lock(mutex_);
  MonoTime wakeup = MonoTime::max();
  if (in_flight_ + reserved_ >= options_.max_in_flight) return wakeup;
  for (const auto& [id, lane] : lanes_)
    if (lane->served && lane->listed && lane->in_flight + lane->reserved < lane->cap)
      wakeup = std::min(wakeup, ready_at(*lane, now));
  return wakeup;
}

Scheduler::LaneStatus Scheduler::status(const DestinationId& destination, MonoTime now) {
  const Lock lock(mutex_);
  const Lane* lane = find(destination);
  if (lane == nullptr) return {};
  const auto left = [now](MonoTime until) { return std::chrono::ceil<std::chrono::milliseconds>(until - now); };
  LaneStatus status;
  status.in_flight = lane->in_flight;
  if (lane->breaker.open(now)) {
    status.breaker = LaneStatus::Breaker::open;
    status.probe_in = left(lane->breaker.probe_at());
  } else if (lane->breaker.tripped()) {
    status.breaker = LaneStatus::Breaker::probing;
  }
  if (lane->not_before > now) status.pause = left(lane->not_before);
  return status;
}

Scheduler::Counts Scheduler::counts(MonoTime now) {
  const Lock lock(mutex_);
  Counts counts;
  counts.in_flight = in_flight_;
  for (const auto& [id, lane] : lanes_) {
    counts.due += lane->served && lane->next_due <= now;
    counts.breakers_open += lane->breaker.open(now);
  }
  return counts;
}

MonoTime Scheduler::ready_at(const Lane& lane, MonoTime now) {
  if (lane.next_due == MonoTime::max()) return MonoTime::max();
  MonoTime ready = std::max({lane.next_due, lane.not_before, lane.limiter.next_token_at(now)});
  if (lane.breaker.tripped()) {
    if (lane.in_flight > 0) return MonoTime::max();  // the end of the probe is the news
    ready = std::max(ready, lane.breaker.probe_at());
  }
  return ready;
}

int Scheduler::free_slots(Lane& lane, MonoTime now) {
  if (!lane.served || now < lane.not_before) return 0;
  const int busy = lane.in_flight + lane.reserved;
  const int free = lane.breaker.admit(lane.cap - busy, busy, now);
  return free <= 0 ? 0 : lane.limiter.available(free, now);
}

Scheduler::Lane* Scheduler::find(const DestinationId& destination) {
  const auto found = lanes_.find(destination);
  return found == lanes_.end() ? nullptr : found->second.get();
}

}  // namespace opi::delivery
