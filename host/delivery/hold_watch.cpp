#include "delivery/hold_watch.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "delivery/hold_log.hpp"
#include "secrets/signing_key.hpp"

namespace opi::delivery {
namespace {

bool is_about_secrets(HoldCause cause) {
  return cause == HoldCause::credential_unusable || cause == HoldCause::secret_store_unavailable;
}

bool has_all(const Destination& destination, const secrets::SecretSet& secrets) {
  return std::ranges::none_of(secrets.purposes, [](const auto& one) { return one.versions.empty(); }) &&
         (destination.signing == SigningRule::disabled || secrets.find(secrets::signing_purpose) != nullptr) &&
         (!destination.authorization || secrets.find(authorization_purpose) != nullptr);
}

}  // namespace

std::chrono::milliseconds HoldWatch::run_once() {
  const auto catalog = catalog_.current();
  if (round_.empty())
    for (const auto& [id, destination] : catalog->destinations) round_.push_back(id);
  const MonoTime began = instruments_.clock.mono_now(), enough = began + options_.at_a_time;
  while (!round_.empty() && instruments_.clock.mono_now() < enough) {
    const auto found = catalog->destinations.find(round_.back());
    round_.pop_back();
    if (found != catalog->destinations.end() && scheduler_.serves(found->first)) look_at(found->second);
  }
  spent_ += instruments_.clock.mono_now() - began;
  if (!round_.empty()) return std::chrono::milliseconds{1};
  count(*catalog);
  const auto rest = std::exchange(spent_, {}) * (options_.share - 1);
  return std::max(options_.interval, std::chrono::ceil<std::chrono::milliseconds>(rest));
}

void HoldWatch::look_at(const std::shared_ptr<const Destination>& destination) {
  const UnixTime now = instruments_.clock.unix_now();
  const auto held = [&](HoldCause cause, const std::string& detail) {
    const auto found = found_hold(cause, detail, now);
    // A destination that is not served needs no gate, and is to be sent to as soon as it is enabled.
    const bool served = destination->served();
    const auto gate = served ? options_.hold_recheck : std::chrono::milliseconds{0};
    if (scheduler_.hold(destination->id, instruments_.clock.mono_now() + gate, found) && served)
      log_hold(instruments_.logger, *destination, found);
  };
  if (const auto found = hold_by_itself(*destination)) return held(found->cause, found->detail);
  const auto lookup = adapters_.examine(*destination);
  if (lookup.pending) return;
  if (!lookup.adapter) return held(lookup.held_cause, lookup.held_reason);
  const auto status = scheduler_.status(destination->id, instruments_.clock.mono_now());
  if (!status.hold) return;
  if (is_about_secrets(status.hold->cause)) return look_at_secrets(destination);
  resume(*destination, Scheduler::FoundBy::attempt);
}

void HoldWatch::look_at_secrets(const std::shared_ptr<const Destination>& destination) {
  secrets_.resolve(destination, [this, destination](const std::shared_ptr<const secrets::SecretSet>& secrets) {
    if (has_all(*destination, *secrets)) resume(*destination, Scheduler::FoundBy::attempt);
  });
}

void HoldWatch::resume(const Destination& destination, Scheduler::FoundBy found_by) {
  if (scheduler_.resume(destination.id, found_by)) log_resumption(instruments_.logger, destination);
}

void HoldWatch::count(const Catalog& catalog) {
  std::array<int, all_hold_causes.size()> counts{};
  const MonoTime now = instruments_.clock.mono_now();
  for (const auto& [id, destination] : catalog.destinations) {
    if (!scheduler_.serves(id)) continue;
    if (const auto hold = hold_of(*destination, scheduler_.status(id, now), instruments_.clock.unix_now()))
      ++counts.at(static_cast<std::size_t>(hold->cause));
  }
  for (const auto cause : all_hold_causes)
    if (cause != HoldCause::waits_for_order)  // of deliveries, not of destinations
      instruments_.metrics.destinations_held(to_string(cause)).Set(counts.at(static_cast<std::size_t>(cause)));
}

std::optional<Hold> hold_of(const Destination& destination, const Scheduler::LaneStatus& status, UnixTime now) {
  if (auto hold = hold_by_itself(destination)) {
    if (status.hold && status.hold->cause == hold->cause) hold->since = status.hold->since;
    return hold;
  }
  // What was found of the destination as it was before is not so any more: it is found anew within a second.
  if (status.hold && status.hold->cause > HoldCause::credential_unbound) return status.hold;
  if (status.breaker == Scheduler::LaneStatus::Breaker::open)
    return Hold{HoldCause::breaker_open, "the receiver did not answer", status.tripped_since,
                status.probe_in ? std::optional{now + *status.probe_in} : std::nullopt};
  if (status.pause)
    return Hold{HoldCause::paused_by_receiver, "the receiver asked for silence", status.paused_since,
                now + *status.pause};
  return std::nullopt;
}

}  // namespace opi::delivery
