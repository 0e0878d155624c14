#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "delivery/delivery_store.hpp"
#include "delivery/fleet_store.hpp"
#include "simulation/findings.hpp"
#include "simulation/rates.hpp"

namespace opi::simulation {

// Sees what every daemon does to the database, in the order in which it happens, and holds it against what must hold
// over the whole fleet:
// - A lease is handed out while no other one of its delivery is live, with a token newer than the last, and settles
//   what was claimed with it.
// - Two daemons that live do not claim for one destination while the ownership of the first by which it did still
// holds.
//   Excepted is the time after the server's clock was set back, until every snapshot of before has run out: by those,
//   the daemon that joins owns its share, and by the ones that follow it does not yet.
// - Two daemons that live do not lead at a time. Excepted is the time after the server's clock was set.
// - No more deliveries of a destination are under way than its max_in_flight, all daemons together. Excepted is what
//   their daemon does not have, or no longer: a claim whose answer was lost, a settlement that was refused, and a lease
//   that has run out under a daemon that stood still.
// - No more goes to a destination in any time than its rate allows in that time, and one bucket: not claimed, and not
//   sent. Of what is sent that is excepted which was claimed before the destination went to another daemon: its answer
//   came late.
// - After a receiver asked for silence, and its daemon knows that this was written, nothing is claimed for it until
//   then; by another daemon than the one that was asked, if that one could write it down before the other became the
//   owner, and the server's clock was not set since.
// - Of the deliveries about one subject of an ordered destination one is under way, and those whose events were stored
//   before it have ended; what was replayed goes first when its turn comes.
class Witness {
 public:
  Witness(Findings& findings, const Clock& server, const Clock& world)
      : findings_(findings), server_(server), world_(world) {}

  void stored(std::span<const delivery::NewEvent> events, const delivery::InsertReport& report);
  // `told`: whether the daemon gets the answer.
  void claimed(const std::string& daemon, std::span<const delivery::ClaimRequest> requests,
               const delivery::ClaimTerms& terms, std::span<const delivery::Claim> claims, const Catalog& catalog,
               bool told);
  void taken_over(const std::string& daemon, std::span<const delivery::Claim> claims, std::chrono::milliseconds lease);
  void settled(const std::string& daemon, std::span<const delivery::Settlement> settlements,
               std::span<const delivery::SettleResult> results, bool told);
  void released(std::span<const delivery::Claim> claims);
  // The daemon takes this for done with, and the database does not know of it.
  void given_up(const delivery::Claim& claim);
  void replayed(const DeliveryId& delivery);
  void ended(const DeliveryId& delivery);

  // The receiver of this attempt asked for so much silence.
  void asked_for_silence(const DeliveryId& delivery, int attempt, std::chrono::milliseconds pause);
  void remembered(std::span<const delivery::DestinationMemory> memories);
  void owns(const std::string& daemon, const std::set<DestinationId>& destinations);
  // It does now what only one does, by an ownership that holds until then by the server's clock.
  void leads(const std::string& daemon, delivery::DueTime valid_until);
  void gone(const std::string& daemon);
  void server_clock_was_set(std::chrono::milliseconds by);

  // Whether the daemon may send a request of this delivery now.
  [[nodiscard]] bool holds(const std::string& daemon, const DeliveryId& delivery) const;
  // It did. Whether it was one to a destination that is limited in rate.
  bool sent(const DeliveryId& delivery);
  // Leases that ran out under a daemon that still believes in them, and the like, are no findings: they are counted.
  [[nodiscard]] int overlapping() const { return overlapping_; }

 private:
  struct Lease {
    bool open = false, told = false;
    delivery::LeaseToken token = 0;
    UnixTime until{};
    std::string daemon, subject;
    DestinationId destination;
    double rate = 0;        // of its destination, when it was claimed
    bool moved_on = false;  // the destination, since it was claimed
  };
  struct Claimer {
    std::string daemon;
    delivery::DueTime valid_until = 0;  // by the server's clock, and at the latest then by that of the world:
    MonoTime holds_until{};
  };
  struct Silence {
    std::string daemon;
    MonoTime until{};
    long remembered = 0;  // when, in the order of things; 0: not
  };
  using Subject = std::pair<DestinationId, std::string>;

  void require(bool holds, const delivery::Claim& claim, const std::string& what);
  void open(const std::string& daemon, const delivery::Claim& claim, std::chrono::milliseconds lease, bool told);
  void check_owner(const std::string& daemon, const delivery::ClaimTerms& terms, const delivery::Claim& claim);
  void check_limit(const delivery::Claim& claim, const Catalog& catalog);
  void check_rate(const delivery::Claim& claim, const Catalog& catalog);
  void check_silence(const std::string& daemon, const delivery::Claim& claim);
  void moved_on(const DestinationId& destination, const std::string& to);
  void check_order(const delivery::Claim& claim);

  Findings& findings_;
  const Clock& server_;
  const Clock& world_;
  std::map<DeliveryId, Lease> leases_;
  std::map<DestinationId, std::set<DeliveryId>> open_;  // with a lease, live or not
  std::set<Uuid> settled_;                              // settlements that were written, by their delivery events
  std::map<DestinationId, Claimer> claimers_;
  Claimer leader_;
  std::map<DestinationId, Silence> silences_;
  Rates claimed_, sent_;
  std::map<std::pair<DeliveryId, int>, std::chrono::milliseconds> asked_;
  std::map<std::string, std::map<DestinationId, long>> owners_since_;
  std::map<Subject, std::vector<DeliveryId>> subjects_;  // live, in the order of their events
  std::map<DeliveryId, Subject> subject_of_;
  std::set<DeliveryId> replayed_;
  MonoTime one_owner_from_{}, limits_from_{};  // since the server's clock was set back
  MonoTime one_leader_from_{};                 // since it was set
  long now_ = 0;                               // in the order of things
  int overlapping_ = 0;
};

}  // namespace opi::simulation
