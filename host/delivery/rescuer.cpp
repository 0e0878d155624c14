#include "delivery/rescuer.hpp"

#include <algorithm>

#include "delivery/settlement_factory.hpp"

namespace opi::delivery {

Rescuer::Rescuer(DeliveryStore& store, CatalogCache& catalog, Scheduler& scheduler, const Clock& clock, Random& random,
                 telemetry::Metrics& metrics, telemetry::Logger& logger, Options options)
    : store_(store),
      catalog_(catalog),
      scheduler_(scheduler),
      clock_(clock),
      random_(random),
      metrics_(metrics),
      logger_(logger),
      options_(std::move(options)) {}

void Rescuer::wake_stranded() {
  const MonoTime now = clock_.mono_now();
  if (stranded_at_ != MonoTime{} && now - stranded_at_ < options_.stranded_interval) return;
  stranded_at_ = now;
  if (const int woken = store_.wake_stranded(); woken > 0)
    logger_.warning("delivery.stranded", {{"deliveries", woken}});
}

std::chrono::milliseconds Rescuer::run_once() {
  wake_stranded();
  auto claims = store_.take_over_expired(options_.batch, options_.daemon_id, options_.lease);
  if (claims.empty()) return options_.interval;
  const std::size_t taken = claims.size();
  const auto unknown = [this](const Claim& claim) {
    return !catalog_.current()->destinations.contains(claim->destination);
  };
  // Another policy than the destination's own could try it too often or give it up too soon.
  if (std::ranges::any_of(claims, unknown)) catalog_.refresh();
  const auto catalog = catalog_.current();
  Outcome outcome;
  outcome.verdict = Verdict::unknown;
  outcome.reason = "interrupted";
  outcome.detail = "the daemon that made this attempt vanished; whether the receiver got it is unknown";
  std::vector<Settlement> settlements;
  std::vector<Claim> held;
  for (auto& claim : claims) {
    const auto destination = catalog->destinations.find(claim->destination);
    if (destination != catalog->destinations.end() && !destination->second->not_understood.empty()) {
      held.push_back(std::move(claim));  // whoever knows its policy goes on with it
      continue;
    }
    const DeliveryPolicy policy =
        destination == catalog->destinations.end() ? DeliveryPolicy{} : catalog->policy_of(*destination->second);
    const Decision decision = decide(policy, claim->budgeted_attempt(), outcome, random_.uniform());
    settlements.push_back(
        make_settlement(std::move(claim), outcome, decision, {clock_.unix_now(), {}}, true, clock_, random_));
  }
  if (!held.empty()) store_.release(held);
  if (settlements.empty()) return options_.interval;
  const auto results = store_.settle(settlements);
  metrics_.leases_taken_over.Increment(static_cast<double>(taken));
  logger_.warning("lease.taken_over", {{"deliveries", taken}});
  const MonoTime now = clock_.mono_now();
  for (std::size_t i = 0; i < settlements.size(); ++i) {
    if (results[i] == SettleResult::lease_lost) {
      metrics_.leases_lost.Increment();
      continue;
    }
    const Settlement& settlement = settlements[i];
    const Decision& decision = settlement.decision();
    metrics_.attempts(to_string(AttemptResult::interrupted)).Increment();
    if (is_terminal(decision.next)) metrics_.deliveries_ended(to_string(decision.next)).Increment();
    if (decision.next == DeliveryState::retry_scheduled)
      scheduler_.mark_due(settlement.claim()->destination, now + decision.retry_in);
  }
  return taken == static_cast<std::size_t>(options_.batch) ? std::chrono::milliseconds{0} : options_.interval;
}

}  // namespace opi::delivery
