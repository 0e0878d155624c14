#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delivery/claim.hpp"
#include "domain/clock.hpp"
#include "domain/hold.hpp"
#include "domain/ids.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// The daemons of a database as it showed them at one moment, by its clock.
struct FleetSnapshot {
  struct Member {
    std::string daemon_id;
    DueTime owns_from = 0;  // it takes part in the sharing out of destinations from then on
    bool operator==(const Member&) const = default;
  };
  std::vector<Member> members;  // that live, the caller among them; in the order of their ids
  DueTime taken_at = 0;
};

// What outlives a daemon of how it stood with a destination: the next one that serves it goes on from there.
struct DestinationMemory {
  DestinationId destination;
  // The receiver asked for it: nothing is sent for this long. Of those that were kept the one that ends last stands.
  std::chrono::milliseconds pause{0};
  // The breaker is open: nothing is sent for this long, and then one request first.
  std::optional<std::chrono::milliseconds> probe_in;
  // Leases of other daemons that have not run out, and for how long the last of them lasts.
  int leased_elsewhere = 0;
  std::chrono::milliseconds leased_elsewhere_for{0};
  // To be kept: a daemon that serves the destination no more was answered late, and says nothing of the breaker.
  bool late = false;
  std::optional<UnixTime> paused_since = {}, tripped_since = {};
  std::optional<Hold> hold = {};  // why nothing goes to it, as whoever serves it has found; breaker and pause apart
  bool operator==(const DestinationMemory&) const = default;
};

// Who serves what, where several daemons share one outbox. Thread-safe. Every function throws StoreUnavailable
// (nothing changed) or, where it writes, CommitInDoubt; each may be called again.
class FleetStore {
 public:
  struct Terms {
    std::string daemon_id;
    std::chrono::milliseconds lifetime;  // without another beat the daemon counts as dead after this
    // A daemon that joins others owns nothing before this has passed: by then every snapshot without it has run out.
    std::chrono::milliseconds joining;
    std::optional<std::string> replaces;  // one that is known to be dead, such as this one before its restart
    std::optional<UnixTime> clock;        // what its own clock says, for others to see how far that is off
  };

  // The daemons as the store knows them: those that live and, for a while, those that went without leaving.
  struct Roll {
    struct Daemon {
      std::string daemon_id;
      DueTime joined_at = 0, owns_from = 0, alive_until = 0;
      std::chrono::milliseconds clock_ahead{0};  // of the database's, at its last beat
    };
    std::vector<Daemon> daemons;  // in the order of their ids
    DueTime taken_at = 0;
  };

  virtual ~FleetStore() = default;

  // This daemon lives: it joins, or goes on. One that was dead by the database's clock joins anew. Joins follow each
  // other, so that two who come at the same time see each other.
  virtual FleetSnapshot beat(const Terms& terms) = 0;

  // It claims nothing any more. Unknown ids are ignored.
  virtual void leave(const std::string& daemon_id) = 0;

  // Without being one of them. Nothing where daemons do not share the store.
  virtual Roll roll() = 0;

  // Keeps pause, breaker and hold of these destinations, in this order; `leased_elsewhere` is not looked at. A pause
  // ends by itself alone: a daemon that was told of a shorter one may not know of a longer one that another daemon was
  // told of. The beginning and the end of an audited hold (is_audited()) are chained to the tenant's trail in the same
  // transaction, in the name of `daemon_id`.
  virtual void remember(std::span<const DestinationMemory> destinations, const std::string& daemon_id) = 0;

  // What is known of these destinations, at most DeliveryStore::looked_at_once; nothing of those without memory. Leases
  // of `daemon_id` itself do not count.
  virtual std::vector<DestinationMemory> recall(std::span<const DestinationId> destinations,
                                                const std::string& daemon_id) = 0;
};

}  // namespace opi::delivery
