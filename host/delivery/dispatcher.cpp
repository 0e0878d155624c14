#include "delivery/dispatcher.hpp"

#include <algorithm>

namespace opi::delivery {

Dispatcher::Dispatcher(DeliveryStore& store, CatalogCache& catalog, Scheduler& scheduler, AttemptRunner& attempts,
                       Settler& settler, const Clock& clock, telemetry::Metrics& metrics, telemetry::Logger& logger,
                       Options options)
    : store_(store),
      catalog_(catalog),
      scheduler_(scheduler),
      attempts_(attempts),
      settler_(settler),
      clock_(clock),
      metrics_(metrics),
      logger_(logger),
      options_(std::move(options)) {}

std::chrono::milliseconds Dispatcher::run_once() {
  const MonoTime now = clock_.mono_now();
  try {
    if (now >= discover_at()) discover(now);
    const auto since_claim = std::chrono::ceil<std::chrono::milliseconds>(now - claimed_at_);
    if (since_claim < options_.claim_interval) return options_.claim_interval - since_claim;
    const auto requests = scheduler_.plan(now);
    if (requests.empty()) return until_next(now);
    const auto catalog = catalog_.current();
    auto claims = claim(requests, *catalog);
    if (store_away_) logger_.info("dispatch.store_back");
    store_away_ = false;
    int wanted = 0;
    for (const auto& request : requests) wanted += request.limit;
    // A full claim means a backlog: the next one follows at once.
    claimed_at_ = static_cast<int>(claims.size()) == wanted ? MonoTime{} : now;
    metrics_.claims.Increment(static_cast<double>(claims.size()));
    for (auto& claim : claims) {
      const auto destination = catalog->destinations.find(claim->destination);
      if (destination == catalog->destinations.end() || !destination->second->served())
        settler_.release(std::move(claim));  // it changed since the plan: what is due waits
      else
        attempts_.start(std::move(claim), destination->second, catalog->policy_of(*destination->second));
    }
    return std::chrono::milliseconds{0};
  } catch (const StoreUnavailable& failure) {
    metrics_.store_failures("claim").Increment();
    if (!store_away_) logger_.warning("dispatch.store_unavailable", {{"error", failure.what()}});
    store_away_ = true;
    return options_.retry_after_failure;
  } catch (const CommitInDoubt& failure) {
    // What was claimed without our knowing comes back when its lease runs out.
    metrics_.store_failures("claim_in_doubt").Increment();
    logger_.warning("dispatch.claim_in_doubt", {{"error", failure.what()}});
    return options_.retry_after_failure;
  }
}

MonoTime Dispatcher::discover_at() const {
  if (discovered_at_ == MonoTime{}) return discovered_at_;
  return discovered_at_ + (announced_ ? options_.announced_interval : options_.discovery_interval);
}

void Dispatcher::discover(MonoTime now) {
  announced_ = false;
  discovered_at_ = now;
  for (const auto& due : store_.due_destinations()) scheduler_.mark_due(due.destination, now + due.due_in);
  const auto counts = scheduler_.counts(now);
  metrics_.in_flight.Set(counts.in_flight);
  metrics_.due_destinations.Set(counts.due);
  metrics_.breakers_open.Set(counts.breakers_open);
}

std::vector<Claim> Dispatcher::claim(std::span<const ClaimRequest> requests, const Catalog& catalog) {
  std::chrono::milliseconds longest{0};
  for (const auto& request : requests)
    if (const auto found = catalog.destinations.find(request.destination); found != catalog.destinations.end())
      longest = std::max(longest, catalog.policy_of(*found->second).timeout);
  try {
    auto claims = store_.claim(requests, options_.daemon_id, longest + options_.lease_grace);
    scheduler_.claimed(requests, claims, clock_.mono_now());
    return claims;
  } catch (...) {
    scheduler_.claim_failed(requests, clock_.mono_now());
    throw;
  }
}

std::chrono::milliseconds Dispatcher::until_next(MonoTime now) {
  const MonoTime next = std::min(scheduler_.next_wakeup(now), discover_at());
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return std::max(wait, std::chrono::milliseconds{1});
}

}  // namespace opi::delivery
