#include "delivery/settler.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <unordered_set>

#include "foundation/check.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

Settler::Settler(DeliveryStore& store, CatalogStore& catalog, Scheduler& scheduler, CredentialWatch& credentials,
                 const Clock& clock, telemetry::Metrics& metrics, telemetry::Logger& logger, std::function<void()> wake,
                 std::function<void()> slots_freed, const Options& options)
    : store_(store),
      catalog_(catalog),
      scheduler_(scheduler),
      credentials_(credentials),
      clock_(clock),
      metrics_(metrics),
      logger_(logger),
      wake_(std::move(wake)),
      slots_freed_(std::move(slots_freed)),
      options_(options) {}

void Settler::settle(Settlement settlement, Feedback feedback) {
  bool first = false;
  {
    const Lock lock(mutex_);
    first = incoming_.empty() && incoming_releases_.empty();
    incoming_.push_back(std::move(settlement));
    incoming_feedback_.push_back(feedback);
    first = first || incoming_.size() == options_.batch;
  }
  if (first) wake_();
}

void Settler::release(Claim claim) {
  {
    const Lock lock(mutex_);
    incoming_releases_.push_back(std::move(claim));
  }
  wake_();
}

bool Settler::idle() const {
  const Lock lock(mutex_);
  return incoming_.empty() && incoming_releases_.empty() && !writing_;
}

std::chrono::milliseconds Settler::run_once() {
  take();
  if (batch_.empty() && releases_.empty()) return std::chrono::hours{1};
  try {
    write_releases();
    write_settlements();
  } catch (const StoreUnavailable& failure) {
    metrics_.store_failures("settle").Increment();
    logger_.warning("settle.store_unavailable", {{"waiting", batch_.size()}, {"error", failure.what()}});
    return options_.retry_after_failure;
  } catch (const CommitInDoubt& failure) {
    // Submitting the same settlements again is harmless by the store's contract; it reads back what is there.
    metrics_.store_failures("settle_in_doubt").Increment();
    logger_.warning("settle.commit_in_doubt", {{"waiting", batch_.size()}, {"error", failure.what()}});
    return options_.retry_after_failure;
  }
  slots_freed_();
  const Lock lock(mutex_);
  writing_ = false;
  metrics_.settle_backlog.Set(static_cast<double>(incoming_.size()));
  // Full batches follow each other at once; a trickle is gathered for a moment, so that it shares a commit.
  if (incoming_.size() >= options_.batch) return std::chrono::milliseconds{0};
  return incoming_.empty() && incoming_releases_.empty() ? std::chrono::milliseconds{std::chrono::hours{1}}
                                                         : options_.linger;
}

// Moves what has come into the batch, up to its size; what an earlier failure left there stays first. A delivery
// comes into it once: if its lease ran out while the store was away, a settlement under a later lease may follow.
void Settler::take() {
  const Lock lock(mutex_);
  const std::size_t room = options_.batch - std::min(options_.batch, batch_.size());
  std::unordered_set<DeliveryId> deliveries;
  for (const auto& settlement : batch_) deliveries.insert(settlement.claim()->delivery);
  std::size_t count = 0;
  while (count < std::min(incoming_.size(), room) && deliveries.insert(incoming_[count].claim()->delivery).second)
    ++count;
  const auto moved = [count](auto& from, auto& to) {
    const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(end));
    from.erase(from.begin(), end);
  };
  moved(incoming_, batch_);
  moved(incoming_feedback_, batch_feedback_);
  releases_.insert(releases_.end(), std::make_move_iterator(incoming_releases_.begin()),
                   std::make_move_iterator(incoming_releases_.end()));
  incoming_releases_.clear();
  writing_ = !batch_.empty() || !releases_.empty();
}

void Settler::write_releases() {
  if (releases_.empty()) return;
  store_.release(releases_);
  const MonoTime now = clock_.mono_now();
  for (const auto& claim : releases_) scheduler_.released(claim->destination, claim->due_at, now);
  releases_.clear();
}

void Settler::write_settlements() {
  if (batch_.empty()) return;
  try {
    const auto results = store_.settle(batch_);
    OPI_CHECK(results.size() == batch_.size() && batch_feedback_.size() == batch_.size(), results.size(),
              batch_.size());
    for (std::size_t i = 0; i < batch_.size(); ++i) finish(i, results[i]);
    batch_.clear();
    batch_feedback_.clear();
  } catch (const StoreRefused&) {
    write_one_by_one();
  }
}

// One settlement that the schema forbids is a defect of ours; it must not hold up the others. Its lease runs out and
// the attempt is recorded as interrupted.
void Settler::write_one_by_one() {
  while (!batch_.empty()) {
    try {
      const auto results = store_.settle(std::span(batch_).first(1));
      finish(0, results.front());
    } catch (const StoreRefused& refused) {
      metrics_.store_failures("settle_refused").Increment();
      logger_.error("settle.refused", {{"tenant", batch_[0].claim()->event->tenant_id.str()},
                                       {"delivery", batch_[0].claim()->delivery.to_string()},
                                       {"error", refused.what()}});
      not_recorded(batch_[0]);
      scheduler_.finished(batch_[0].claim()->destination, {}, clock_.mono_now());
    }
    batch_.erase(batch_.begin());
    batch_feedback_.erase(batch_feedback_.begin());
  }
}

void Settler::finish(std::size_t index, SettleResult result) {
  const Settlement& settlement = batch_[index];
  Feedback feedback = batch_feedback_[index];
  if (result == SettleResult::lease_lost) {
    metrics_.leases_lost.Increment();
    logger_.warning("delivery.lease_lost", {{"tenant", settlement.claim()->event->tenant_id.str()},
                                            {"delivery", settlement.claim()->delivery.to_string()},
                                            {"attempt", settlement.attempt().number}});
    feedback.next_due_in.reset();
    not_recorded(settlement);
  } else {
    report(settlement);
    if (settlement.decision().disable_destination) disable_destination(settlement);
  }
  scheduler_.finished(settlement.claim()->destination, feedback, clock_.mono_now());
}

void Settler::not_recorded(const Settlement& settlement) {
  for (const auto& failure : settlement.credential_failures())
    credentials_.unrecorded(settlement.claim()->destination, failure);
}

// The canonical line and the counters of one attempt, once it is stored.
void Settler::report(const Settlement& settlement) {
  const Claim& claim = settlement.claim();
  const Attempt& attempt = settlement.attempt();
  const DeliveryState next = settlement.decision().next;
  metrics_.attempts(to_string(attempt.result)).Increment();
  metrics_.attempt_duration.Observe(std::chrono::duration<double>(attempt.duration).count());
  if (is_terminal(next)) metrics_.deliveries_ended(to_string(next)).Increment();
  if (next == DeliveryState::delivered)
    metrics_.delivery_latency.Observe(std::chrono::duration<double>(clock_.unix_now() - claim->created_at).count());
  const auto level = next == DeliveryState::failed || next == DeliveryState::dead_lettered ? telemetry::Level::warning
                                                                                           : telemetry::Level::info;
  if (!logger_.enabled(level)) return;
  logger_.log(level, "delivery.attempt",
              {{"tenant", claim->event->tenant_id.str()},
               {"destination", claim->destination.to_string()},
               {"delivery", claim->delivery.to_string()},
               {"event_id", claim->event->event_id.str()},
               {"correlation_id", claim->event->correlation_id},
               {"attempt", attempt.number},
               {"result", to_string(attempt.result)},
               {"state", to_string(next)},
               {"http_status", attempt.http_status.value_or(0)},
               {"duration_ms", attempt.duration.count()},
               {"retry_in_ms", settlement.decision().retry_in.count()},
               {"reason", attempt.reason},
               {"peer", settlement.peer()}});
}

void Settler::disable_destination(const Settlement& settlement) {
  const Claim& claim = settlement.claim();
  scheduler_.hold(claim->destination, clock_.mono_now() + options_.disabled_hold);
  audit::Entry entry;
  entry.tenant = claim->event->tenant_id;
  entry.at = clock_.unix_now();
  entry.actor_id = "integrationsd";
  entry.action = audit::Action::destination_disabled;
  entry.target = "destination:" + claim->destination.to_string();
  entry.correlation_id = claim->event->correlation_id;
  entry.details =
      R"({"reason":"the receiver answered that it is gone","delivery":")" + claim->delivery.to_string() + "\"}";
  try {
    if (catalog_.disable_destination(claim->event->tenant_id, claim->destination, "the receiver answered 410 Gone",
                                     entry))
      logger_.warning("destination.disabled", {{"tenant", claim->event->tenant_id.str()},
                                               {"destination", claim->destination.to_string()},
                                               {"reason", settlement.attempt().reason}});
  } catch (const std::exception& failure) {
    // The next delivery to it is told the same; nothing is lost but a request.
    logger_.error("destination.disable_failed",
                  {{"destination", claim->destination.to_string()}, {"error", failure.what()}});
  }
}

}  // namespace opi::delivery
