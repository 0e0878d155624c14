#include <algorithm>

#include "delivery/delivery_event.hpp"
#include "simulation/world.hpp"

namespace opi::simulation {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds slice = 500ms;            // at which it is asked whether all is over
constexpr milliseconds receivers_answer = 20ms;  // once all are kind

}  // namespace

// How long everything that can go may take from the moment when nothing fails any more.
milliseconds World::bound(const std::vector<delivery::DeliveryView>& live) {
  const delivery::Fleet::Options fleet;
  const delivery::Dispatcher::Options dispatcher;
  const delivery::Rescuer::Options rescuer;
  const delivery::Discovery::Options discovery;
  const delivery::Settler::Options settler;
  const delivery::AttemptRunner::Options attempts;
  const secrets::ProviderLanes::Options provider;
  // What the database's clock was set back by, it has yet to pass once more: due times, leases and memberships wait.
  const milliseconds set_back = server_peak_ - server_offset_;
  // A daemon that died is missed after its lifetime; one that has just joined owns its share when it is through
  // joining.
  const milliseconds succession = fleet.lifetime + fleet.holds + fleet.beat;
  // The last lease that nobody has any more runs out: of an attempt, or of a rescuer whose answer was lost.
  const milliseconds lease = std::max(*policy_.timeout + dispatcher.lease_grace, rescuer.lease);
  // Then the leading daemon finds it, at the latest in its next round.
  const milliseconds rescued = std::max(lease, succession) + rescuer.interval;
  // What is not sent meanwhile waits for the longest of these at once: what a receiver asked for, an open breaker, a
  // look at a held destination, a destination that was disabled, a provider's breaker.
  const milliseconds silent = std::max({milliseconds{*policy_.retry_after_max}, 8'000ms, attempts.hold_recheck,
                                        settler.disabled_hold, provider.breaker.max_cooldown});
  // Of each of its attempts may be too early for its secret: the provider's breaker is the only thing left that is
  // shut.
  const milliseconds retries = options_.max_attempts * milliseconds{*policy_.retry_after_max};
  // Nobody tells of what was settled for another daemon's destination: a round of discovery does. The last one may have
  // taken long, and the next one may have passed the destination just before.
  const milliseconds found = discovery.longest_rest + discovery.interval;
  // Then it is work alone: each request takes a turn, a destination has so many at a time, and so many a second.
  const milliseconds turn = receivers_answer + settler.linger + 2 * dispatcher.claim_interval;
  std::map<DestinationId, int> requests;
  for (const auto& one : live) requests[one.destination] += steps_of(destination(one.destination));
  milliseconds work{0};
  int all = 0;
  for (const auto& [id, count] : requests) {
    const auto& d = destination(id);
    // In order, it may be that all are about one subject.
    const int at_once = d.order == DeliveryOrder::subject ? 1 : d.max_in_flight;
    milliseconds own = (count / at_once + 1) * turn;
    if (d.rate_limit_per_second > 0)
      own += milliseconds{static_cast<long long>(1000.0 * count / d.rate_limit_per_second)};
    work = std::max(work, own);
    all += count;
  }
  // One daemon may own everything, and its slots are shared.
  work += (all / slots + 1) * turn;
  const milliseconds stranded = days_passed_ ? rescuer.stranded_interval + found : 0ms;
  return set_back + rescued + silent + retries + found + stranded + work;
}

// All that lives, but for what waits behind a dead letter about its subject: a person has to move that first.
std::vector<delivery::DeliveryView> World::what_can_go() {
  std::vector<delivery::DeliveryView> result;
  for (const auto& tenant : tenants_) {
    const auto deliveries = all_deliveries(tenant);
    std::set<std::pair<DestinationId, std::string>> blocked;
    for (const auto& one : deliveries)
      if (one.state == DeliveryState::dead_lettered && destination(one.destination).order == DeliveryOrder::subject)
        blocked.insert({one.destination, one.ticket_id});
    for (const auto& one : deliveries)
      if (!is_terminal(one.state) && !blocked.contains({one.destination, one.ticket_id})) result.push_back(one);
  }
  return result;
}

void World::calm_down() {
  faults_.end();
  for (auto& daemon : daemons_) {
    daemon->thaw();
    daemon->plugins().mend();
    daemon->engine().provider->status = secrets::ResolveStatus::ok;
  }
}

// The daemon that leads, or the one that does when that is missed, finds what waits.
void World::drain_inbox() {
  const delivery::Fleet::Options fleet;
  constexpr milliseconds next_look = 1s;  // of a daemon that has just begun to lead, or whose last one failed
  const milliseconds longest =
      server_peak_ - server_offset_ + fleet.lifetime + fleet.holds + fleet.handover + fleet.beat + next_look;
  const MonoTime began = clock_.mono_now();
  while (inbox_.waiting() > 0 && clock_.mono_now() - began < longest) run_for(slice);
  if (inbox_.waiting() > 0)
    throw Violation(std::to_string(inbox_.waiting()) + " events wait in the inbox after " +
                    std::to_string(longest.count()) + " ms");
  if (inbox_.refused() != malformed_) throw Violation("the inbox refused what was none of the malformed events");
}

void World::settle_everything() {
  calm_down();
  drain_inbox();
  for (auto& [id, known] : published_)
    if (!known.accepted) submit(id);
  const MonoTime began = clock_.mono_now();
  auto left = what_can_go();
  const auto longest = bound(left);
  while (!left.empty() && clock_.mono_now() - began < longest) {
    // Again each time: a 410 that was answered earlier may still be on its way to the store.
    for (auto& d : destinations_) {
      d.enabled = true;
      put(d);
    }
    run_for(slice);
    left = what_can_go();
  }
  check();
  totals_.calm_ms += std::chrono::duration_cast<milliseconds>(clock_.mono_now() - began).count();
  totals_.bound_ms += longest.count();
  for (const auto& one : left)
    throw Violation("delivery " + one.id.to_string() + " to " + one.destination.to_string() + " stays " +
                    std::string(to_string(one.state)) + " after " + std::to_string(one.attempts) + " attempts; " +
                    std::to_string(left.size()) + " could have gone within " + std::to_string(longest.count()) + " ms");
  check_feed();
  for (const auto& daemon : daemons_)
    if (const int held = daemon->engine().scheduler.counts(daemon->clock().mono_now()).in_flight; held != 0)
      throw Violation("a daemon believes that " + std::to_string(held) + " deliveries are in flight; none is");
}

// Every end of a delivery, and every retry, has been told to the destination that subscribes to that; once.
void World::check_feed() {
  const delivery::FeedPublisher::Options publisher;
  run_for(3 * publisher.interval + 3s);
  for (const auto& tenant : tenants_) {
    std::set<std::string> told;
    for (const auto& one : all_deliveries(tenant))
      if (delivery::is_delivery_event_type(one.event_type) && !told.insert(one.event_id.str()).second)
        throw Violation("the delivery event " + one.event_id.str() + " was told twice");
    std::int64_t at = 0;
    for (auto page = feed_.read(tenant, at, {}, 200); !page.empty(); page = feed_.read(tenant, at, {}, 200)) {
      at = page.back().sequence;
      for (const auto& one : page) {
        // Retention may have been there.
        if (one.event_type.empty() || delivery::is_delivery_event_type(one.event_type) || days_passed_) continue;
        if (!told.contains(one.id.to_string()))
          throw Violation("the delivery event " + one.id.to_string() + " of delivery " + one.delivery.to_string() +
                          " was not told");
      }
    }
    totals_.fed += static_cast<int>(told.size());
  }
}

}  // namespace opi::simulation
