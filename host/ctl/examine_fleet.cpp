#include <chrono>

#include "ctl/findings.hpp"
#include "ctl/services.hpp"
#include "delivery/fleet.hpp"

namespace opi::ctl {
namespace {

using std::chrono::milliseconds;
using Roll = delivery::FleetStore::Roll;

constexpr int missed_beats = 3;  // so many, and it is told

milliseconds between(delivery::DueTime from, delivery::DueTime to) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::microseconds{to - from});
}

std::string seconds_of(milliseconds span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count()) + " s";
}

}  // namespace

void examine_fleet(const delivery::FleetStore::Roll& roll, Findings& findings) {
  const delivery::Fleet::Options usual;
  std::string alive;
  for (const auto& daemon : roll.daemons) {
    // Since its last beat; that one made it count as alive for its lifetime.
    const auto silent = usual.lifetime + between(daemon.alive_until, roll.taken_at);
    if (daemon.alive_until <= roll.taken_at) {
      findings.warning("daemons",
                       daemon.daemon_id + " has been dead for " + seconds_of(silent) +
                           " and did not leave; the others serve what was its own",
                       "its log tells why; started again with its state directory, it takes its place");
      continue;
    }
    alive += (alive.empty() ? "" : ", ") + daemon.daemon_id;
    if (daemon.owns_from > roll.taken_at)
      alive += " (takes its share in " + std::to_string(between(roll.taken_at, daemon.owns_from).count()) + " ms)";
    if (silent > missed_beats * usual.beat)
      findings.warning("daemons", daemon.daemon_id + " has not shown itself for " + seconds_of(silent),
                       "look whether it is stopped, or cannot reach the database; without a sign the others take over "
                       "its destinations");
    const auto skew = std::chrono::abs(daemon.clock_ahead);
    if (skew > tolerable_skew)
      findings.skew(skew, "that of " + daemon.daemon_id + " is " + std::to_string(skew.count()) + " ms " +
                              (daemon.clock_ahead.count() > 0 ? "ahead of" : "behind") + " the database's");
  }
  if (!alive.empty()) findings.ok("daemons", "destinations are shared between " + alive);
}

}  // namespace opi::ctl
