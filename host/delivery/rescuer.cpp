#include "delivery/rescuer.hpp"

#include <algorithm>

#include "delivery/settle_apart.hpp"
#include "delivery/settlement_factory.hpp"

namespace opi::delivery {

Rescuer::Rescuer(DeliveryStore& store, CatalogCache& catalog, WorkNews& news, const Instruments& instruments,
                 Options options)
    : store_(store), catalog_(catalog), news_(news), instruments_(instruments), options_(std::move(options)) {}

void Rescuer::wake_stranded() {
  const MonoTime now = instruments_.clock.mono_now();
  if (stranded_at_ != MonoTime{} && now - stranded_at_ < options_.stranded_interval) return;
  stranded_at_ = now;
  const int woken = store_.wake_stranded();
  if (woken == 0) return;
  news_.due_somewhere();
  instruments_.logger.warning("delivery.stranded", {{"deliveries", woken}});
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
    const Decision decision = decide(policy, claim->budgeted_attempt(), outcome, instruments_.random.uniform());
    settlements.push_back(make_settlement(std::move(claim), outcome, decision, {instruments_.clock.unix_now(), {}},
                                          true, instruments_.clock, instruments_.random));
  }
  if (!held.empty()) store_.release(held);
  if (settlements.empty()) return options_.interval;
  settle_apart(
      store_, settlements, [&](std::size_t index, SettleResult result) { settled(settlements[index], result); },
      [&](std::size_t index, const std::exception& failure) {
        // Its lease is this daemon's now; when that runs out it is tried again.
        instruments_.metrics.store_failures("rescue_refused").Increment();
        instruments_.logger.error("rescue.refused", {{"delivery", settlements[index].claim()->delivery.to_string()},
                                                     {"error", failure.what()}});
      });
  instruments_.metrics.leases_taken_over.Increment(static_cast<double>(taken));
  instruments_.logger.warning("lease.taken_over", {{"deliveries", taken}});
  return taken == static_cast<std::size_t>(options_.batch) ? std::chrono::milliseconds{0} : options_.interval;
}

void Rescuer::settled(const Settlement& settlement, SettleResult result) {
  if (result == SettleResult::lease_lost) return instruments_.metrics.leases_lost.Increment();
  const Decision& decision = settlement.decision();
  instruments_.metrics.attempts(to_string(AttemptResult::interrupted)).Increment();
  if (is_terminal(decision.next)) instruments_.metrics.deliveries_ended(to_string(decision.next)).Increment();
  const DestinationId& destination = settlement.claim()->destination;
  // The next one about its subject may be due, too.
  const auto wait = decision.next == DeliveryState::retry_scheduled ? decision.retry_in : std::chrono::milliseconds{0};
  news_.due({&destination, 1}, instruments_.clock.mono_now() + wait);
}

}  // namespace opi::delivery
