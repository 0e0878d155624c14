#include "delivery/waiting_deliveries.hpp"

#include <algorithm>

#include "domain/new_uuid.hpp"

namespace opi::delivery {
namespace {

bool waits(DeliveryState state) { return !is_terminal(state) && state != DeliveryState::delivering; }

// The filter, narrowed to what waits; nullopt if nothing that it names can.
std::optional<DeliveryFilter> waiting(DeliveryFilter filter) {
  if (filter.states.empty()) filter.states = {DeliveryState::pending, DeliveryState::retry_scheduled};
  std::erase_if(filter.states, [](DeliveryState state) { return !waits(state); });
  filter.before.reset();
  return filter.states.empty() ? std::nullopt : std::optional{std::move(filter)};
}

}  // namespace

Settlement cancellation(const MovedDelivery& cancelled, const Uuid& delivery_event_id, const std::string& reason,
                        const audit::Entry& by) {
  Event event;
  event.tenant_id = by.tenant;
  event.event_id = cancelled.event_id;
  event.correlation_id = cancelled.correlation_id;
  Claim::Data data;
  data.delivery = cancelled.id;
  data.destination = cancelled.destination;
  data.attempts_made = cancelled.attempts - 1;
  data.event = std::make_shared<const Event>(std::move(event));
  Attempt attempt;
  attempt.number = cancelled.attempts;
  attempt.started_at = by.at;
  attempt.result = AttemptResult::terminal;
  attempt.reason = "cancelled";
  attempt.error_summary = "cancelled by " + by.actor_id + (by.actor_role.empty() ? "" : " (" + by.actor_role + ")") +
                          (reason.empty() ? "" : ": " + reason);
  Decision decision;
  decision.next = DeliveryState::failed;
  decision.result = AttemptResult::terminal;
  return {Claim{std::move(data)}, std::move(attempt), decision, delivery_event_id, moved_entry(by, cancelled, reason)};
}

LiveCount WaitingDeliveries::count(const TenantId& tenant, const DeliveryFilter& filter) {
  if (!filter.by_event()) return store_.count(tenant, filter);
  LiveCount counted;
  auto live = filter;
  live.before.reset();
  live.states = {DeliveryState::pending, DeliveryState::retry_scheduled, DeliveryState::delivering};
  live.limit = WaitingDeliveryStore::batch;
  for (auto page = query_.list(tenant, live); !page.empty(); page = query_.list(tenant, live)) {
    for (const auto& one : page)
      if (one.state == DeliveryState::delivering)
        ++counted.under_way;
      else if (filter.states.empty() || std::ranges::find(filter.states, one.state) != filter.states.end())
        ++counted.waiting;
    live.before = page.back().id;
  }
  return counted;
}

std::int64_t WaitingDeliveries::cancel(const TenantId& tenant, const DeliveryFilter& filter, int limit,
                                       const std::string& reason, const audit::Entry& by) {
  std::int64_t cancelled = 0;
  MovedPiece piece;
  for (int left = limit; left > 0 && !piece.at_the_end;) {
    const int size = std::min(left, static_cast<int>(WaitingDeliveryStore::batch));
    piece = cancel_piece(tenant, filter, piece.last, size, reason, by);
    cancelled += piece.moved;
    left -= size;
  }
  return cancelled;
}

MovedPiece WaitingDeliveries::cancel_piece(const TenantId& tenant, const DeliveryFilter& filter,
                                           const std::optional<DeliveryId>& before, int limit,
                                           const std::string& reason, const audit::Entry& by) {
  MovedPiece piece;
  auto matching = waiting(filter);
  std::vector<DeliveryId> ids;
  if (matching) {
    matching->before = before;
    matching->limit = limit;
    for (const auto& one : query_.list(tenant, *matching)) ids.push_back(one.id);
  }
  piece.at_the_end = ids.size() < static_cast<std::size_t>(limit);
  if (ids.empty()) return piece;
  piece.last = ids.back();
  piece.moved = cancel(tenant, ids, reason, by);
  piece.passed_by = static_cast<std::int64_t>(ids.size()) - piece.moved;
  return piece;
}

bool WaitingDeliveries::cancel(const TenantId& tenant, const DeliveryId& delivery, const std::string& reason,
                               const audit::Entry& by) {
  return cancel(tenant, {&delivery, 1}, reason, by) == 1;
}

std::int64_t WaitingDeliveries::cancel(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                       const std::string& reason, const audit::Entry& by) {
  std::vector<Cancellation> cancellations;
  for (const auto& id : deliveries) cancellations.push_back({id, new_uuid(clock_, random_)});
  const auto cancelled = store_.cancel(tenant, cancellations, reason, by);
  if (!cancelled.empty()) due_();  // the next about its subject
  return static_cast<std::int64_t>(cancelled.size());
}

bool WaitingDeliveries::retry_now(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by) {
  const bool made_due = store_.retry_now(tenant, delivery, by);
  if (made_due) due_();
  return made_due;
}

}  // namespace opi::delivery
