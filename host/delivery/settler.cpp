#include "delivery/settler.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "delivery/settle_apart.hpp"

namespace opi::delivery {

using std::chrono::milliseconds;

namespace {
constexpr auto none_of_it = std::numeric_limits<std::size_t>::max();  // of a tenant's flights, for now
}

Settler::Settler(DeliveryStore& store, CatalogStore& catalog, CredentialWatch& credentials,
                 const Instruments& instruments, std::function<void()> wake, std::function<void()> slots_freed,
                 const Options& options)
    : store_(store),
      catalog_(catalog),
      credentials_(credentials),
      instruments_(instruments),
      slots_freed_(std::move(slots_freed)),
      options_(options),
      landings_(std::make_shared<Landings>(options.batch, std::move(wake))),
      contention_(options.contention) {
  settling_.reserve(options_.batch);
  batch_.reserve(options_.batch);
  releasing_.reserve(options_.batch);
  releases_.reserve(options_.batch);
}

// What could not be written is left to its lease.
Settler::~Settler() {
  landings_->close();
  taken_.clear_and_dispose(std::default_delete<Flight>{});
}

bool Settler::idle() const { return !writing_ && landings_->waiting() == 0; }

milliseconds Settler::run_once() {
  writing_ = true;  // before it takes, so that nothing is in neither
  if (!take()) {
    writing_ = false;
    return std::chrono::hours{1};
  }
  try {
    write_settlements();
    write_releases();
  } catch (const StoreUnavailable& failure) {
    instruments_.metrics.store_failures("settle").Increment();
    instruments_.logger.warning("settle.store_unavailable", {{"waiting", batch_.size()}, {"error", failure.what()}});
    return options_.retry_after_failure;
  } catch (const CommitInDoubt& failure) {
    // Submitting the same settlements again is harmless by the store's contract; it reads back what is there.
    instruments_.metrics.store_failures("settle_in_doubt").Increment();
    instruments_.logger.warning("settle.commit_in_doubt", {{"waiting", batch_.size()}, {"error", failure.what()}});
    return options_.retry_after_failure;
  }
  slots_freed_();
  const std::size_t waiting = landings_->waiting() + taken_.size();
  writing_ = !taken_.empty();
  instruments_.metrics.settle_backlog.Set(static_cast<double>(waiting));
  // Full batches follow each other at once; a trickle is gathered for a moment, so that it shares a commit.
  if (waiting >= most_) return milliseconds{0};
  return waiting == 0 ? milliseconds{std::chrono::hours{1}} : options_.linger;
}

// Moves what has landed into the batch, up to its size; what an earlier failure left there stays first. A delivery
// comes into it once: if its lease ran out while the store was away, a settlement under a later lease may follow.
// False if there is nothing to write.
bool Settler::take() {
  const MonoTime now = instruments_.clock.mono_now();
  landings_->take(taken_);
  // In turns over the tenants, of each in the order in which its flights landed: what is left when all have had their
  // part goes to whoever is first.
  std::unordered_map<const TenantLanes*, std::size_t> taken;
  for (const Flight& flight : taken_) {
    taken.try_emplace(flight.slot.tenant(), 0);
    contention_.had_turn(flight.slot.tenant(), now);
  }
  most_ = contention_.present(now) ? std::min(options_.batch_beside, options_.batch) : options_.batch;
  const std::size_t part = taken.empty() ? most_ : std::max<std::size_t>(most_ / taken.size(), 1);
  std::unordered_set<DeliveryId> deliveries;
  for (const auto& settlement : batch_) deliveries.insert(settlement.claim()->delivery);
  for (const std::size_t limit : {part, most_})
    for (auto next = taken_.begin(); next != taken_.end() && batch_.size() + releases_.size() < most_;) {
      std::size_t& of_tenant = taken[next->slot.tenant()];
      if (of_tenant < limit && next->settlement && !deliveries.insert(next->settlement->claim()->delivery).second)
        of_tenant = none_of_it;  // or a later one would overtake it
      if (of_tenant >= limit) {
        ++next;
        continue;
      }
      ++of_tenant;
      Flight& flight = *next;
      next = taken_.erase(next);
      put(flight);
    }
  return !batch_.empty() || !releases_.empty();
}

// Its room is there.
void Settler::put(Flight& flight) {
  if (flight.settlement) {
    batch_.push_back(std::move(*flight.settlement));
    settling_.emplace_back(&flight);
  } else {
    releases_.push_back(std::move(flight.claim));
    releasing_.emplace_back(&flight);
  }
}

void Settler::write_releases() {
  if (releases_.empty()) return;
  try {
    store_.release(releases_);
  } catch (const StoreRefused& refused) {
    // A defect of ours must not hold up what comes after: their leases run out.
    instruments_.metrics.store_failures("release_refused").Increment();
    instruments_.logger.error("release.refused", {{"deliveries", releases_.size()}, {"error", refused.what()}});
  }
  releases_.clear();
  releasing_.clear();  // and their slots
}

void Settler::write_settlements() {
  if (batch_.empty()) return;
  try {
    settle_apart(
        store_, batch_, [this](std::size_t index, SettleResult result) { finish(index, result); },
        [this](std::size_t index, const std::exception& failure) { refused(index, failure); });
  } catch (...) {
    forget_finished();
    throw;
  }
  batch_.clear();
  settling_.clear();
}

// Those of the batch that have been done with while the others could not be written.
void Settler::forget_finished() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < settling_.size(); ++i) {
    if (!settling_[i]) continue;
    if (kept != i) {
      settling_[kept] = std::move(settling_[i]);
      batch_[kept] = std::move(batch_[i]);
    }
    ++kept;
  }
  settling_.resize(kept);
  batch_.erase(batch_.begin() + static_cast<std::ptrdiff_t>(kept), batch_.end());
}

// What the schema forbids is a defect of ours. Its lease runs out and the attempt is recorded as interrupted.
void Settler::refused(std::size_t index, const std::exception& failure) {
  const auto flight = std::move(settling_[index]);
  const Settlement& settlement = batch_[index];
  instruments_.metrics.store_failures("settle_refused").Increment();
  instruments_.logger.error("settle.refused", {{"tenant", settlement.claim()->event->tenant_id.str()},
                                               {"delivery", settlement.claim()->delivery.to_string()},
                                               {"error", failure.what()}});
  not_recorded(settlement);
  flight->slot.finish({}, instruments_.clock.mono_now());
}

void Settler::finish(std::size_t index, SettleResult result) {
  const auto flight = std::move(settling_[index]);
  const Settlement& settlement = batch_[index];
  if (result == SettleResult::lease_lost) {
    instruments_.metrics.leases_lost.Increment();
    instruments_.logger.warning("delivery.lease_lost", {{"tenant", settlement.claim()->event->tenant_id.str()},
                                                        {"delivery", settlement.claim()->delivery.to_string()},
                                                        {"attempt", settlement.attempt().number}});
    flight->feedback.next_due_in.reset();
    not_recorded(settlement);
  } else {
    report(settlement);
    if (settlement.decision().disable_destination) {
      flight->feedback.pause = std::max(flight->feedback.pause, options_.disabled_hold);
      disable_destination(settlement);
    }
  }
  flight->slot.finish(flight->feedback, instruments_.clock.mono_now());
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
  instruments_.metrics.attempts(to_string(attempt.result)).Increment();
  instruments_.metrics.attempt_duration.Observe(std::chrono::duration<double>(attempt.duration).count());
  if (is_terminal(next)) instruments_.metrics.deliveries_ended(to_string(next)).Increment();
  if (next == DeliveryState::delivered)
    instruments_.metrics.delivery_latency.Observe(
        std::chrono::duration<double>(instruments_.clock.unix_now() - claim->created_at).count());
  const auto level = next == DeliveryState::failed || next == DeliveryState::dead_lettered ? telemetry::Level::warning
                                                                                           : telemetry::Level::info;
  if (!instruments_.logger.enabled(level)) return;
  instruments_.logger.log(level, "delivery.attempt",
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
  audit::Entry entry;
  entry.tenant = claim->event->tenant_id;
  entry.at = instruments_.clock.unix_now();
  entry.actor_id = "integrationsd";
  entry.action = audit::Action::destination_disabled;
  entry.target = "destination:" + claim->destination.to_string();
  entry.correlation_id = claim->event->correlation_id;
  entry.details =
      R"({"reason":"the receiver answered that it is gone","delivery":")" + claim->delivery.to_string() + "\"}";
  try {
    if (catalog_.disable_destination(claim->event->tenant_id, claim->destination, "the receiver answered 410 Gone",
                                     entry))
      instruments_.logger.warning("destination.disabled", {{"tenant", claim->event->tenant_id.str()},
                                                           {"destination", claim->destination.to_string()},
                                                           {"reason", settlement.attempt().reason}});
  } catch (const std::exception& failure) {
    // The next delivery to it is told the same; nothing is lost but a request.
    instruments_.logger.error("destination.disable_failed",
                              {{"destination", claim->destination.to_string()}, {"error", failure.what()}});
  }
}

}  // namespace opi::delivery
