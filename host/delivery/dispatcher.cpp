#include "delivery/dispatcher.hpp"

#include <algorithm>

namespace opi::delivery {

using std::chrono::milliseconds;

Dispatcher::Dispatcher(DeliveryStore& store, CatalogCache& catalog, Scheduler& scheduler, AttemptRunner& attempts,
                       std::shared_ptr<Landings> landings, const Instruments& instruments, Options options)
    : store_(store),
      catalog_(catalog),
      scheduler_(scheduler),
      attempts_(attempts),
      landings_(std::move(landings)),
      instruments_(instruments),
      options_(std::move(options)) {}

milliseconds Dispatcher::run_once() {
  const MonoTime now = instruments_.clock.mono_now();
  try {
    give_back_what_was_left();
    const auto since_claim = std::chrono::ceil<milliseconds>(now - claimed_at_);
    if (since_claim < options_.claim_interval) return options_.claim_interval - since_claim;
    auto plan = scheduler_.plan(now);
    if (plan.empty()) return until_next(now);
    const auto targets = look_up(plan, *catalog_.current());
    if (plan.empty()) {
      claimed_at_ = now;
      return options_.claim_interval;
    }
    const int wanted = plan.wanted();
    claim(plan, targets);
    if (store_away_) instruments_.logger.info("dispatch.store_back");
    store_away_ = false;
    // A full claim means a backlog: the next one follows at once.
    claimed_at_ = static_cast<int>(claims_.size()) == wanted ? MonoTime{} : now;
    instruments_.metrics.claims.Increment(static_cast<double>(claims_.size()));
    start(plan.claimed(claims_, instruments_.clock.mono_now()), targets);
    return milliseconds{0};
  } catch (const StoreUnavailable& failure) {
    instruments_.metrics.store_failures("claim").Increment();
    if (!store_away_) instruments_.logger.warning("dispatch.store_unavailable", {{"error", failure.what()}});
    store_away_ = true;
    return options_.retry_after_failure;
  } catch (const CommitInDoubt& failure) {
    // What was claimed without our knowing comes back when its lease runs out.
    instruments_.metrics.store_failures("claim_in_doubt").Increment();
    instruments_.logger.warning("dispatch.claim_in_doubt", {{"error", failure.what()}});
    return options_.retry_after_failure;
  }
}

// Whom the plan is for. What cannot be served now is not claimed.
Dispatcher::Targets Dispatcher::look_up(ClaimPlan& plan, const Catalog& catalog) {
  Targets targets;
  plan.drop([&](const DestinationId& id) {
    auto target = attempts_.target(catalog, id);
    if (!target) return true;
    targets.emplace(id, std::move(*target));
    return false;
  });
  return targets;
}

void Dispatcher::claim(ClaimPlan& plan, const Targets& targets) {
  milliseconds longest{0};
  for (const auto& [id, target] : targets) longest = std::max(longest, target.policy.timeout);
  plan.ask();
  claims_ = store_.claim(
      plan.requests(),
      {.daemon_id = options_.daemon_id, .lease = longest + options_.lease_grace, .valid_until = plan.valid_until()});
}

void Dispatcher::start(std::vector<Slot> slots, const Targets& targets) {
  // From the back, so that what has not begun stays in claims_; the earliest due goes first all the same.
  std::ranges::reverse(claims_);
  std::ranges::reverse(slots);
  for (; !claims_.empty(); slots.pop_back()) {
    const auto& target = targets.at(claims_.back()->destination);
    auto flight = Landings::begin(landings_, std::move(claims_.back()), std::move(slots.back()));
    claims_.pop_back();
    attempts_.start(std::move(flight), target);
  }
}

// Memory ran out between a claim and its flights: what is claimed goes back unsent, nobody's attempt.
void Dispatcher::give_back_what_was_left() {
  if (claims_.empty()) return;
  instruments_.logger.error("dispatch.given_back", {{"deliveries", claims_.size()}});
  try {
    store_.release(claims_);
  } catch (const StoreRefused& refused) {
    // A defect of ours must not stop the claims that follow: these run out.
    instruments_.logger.error("release.refused", {{"deliveries", claims_.size()}, {"error", refused.what()}});
  }
  claims_.clear();
}

milliseconds Dispatcher::until_next(MonoTime now) {
  const MonoTime next = std::min(scheduler_.next_wakeup(now), now + options_.longest_wait);
  return std::max(std::chrono::ceil<milliseconds>(next - now), milliseconds{1});
}

}  // namespace opi::delivery
