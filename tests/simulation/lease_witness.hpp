#pragma once
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "delivery/delivery_store.hpp"

namespace opi::simulation {

// A violated invariant; what() says which, with the ids.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Stands directly before the store and throws Violation if it hands out a lease while another one of the same
// delivery is live, a token that is not newer than the last, or settles what was not claimed with that token.
class LeaseWitness final : public delivery::DeliveryStore {
 public:
  LeaseWitness(delivery::DeliveryStore& inner, const Clock& clock) : inner_(inner), clock_(clock) {}

  delivery::InsertReport insert(std::span<const delivery::NewEvent> events, std::int64_t revision) override {
    return inner_.insert(events, revision);
  }
  std::vector<bool> stored(std::span<const delivery::NewEvent> events) override { return inner_.stored(events); }
  void announce() override { inner_.announce(); }

  std::vector<delivery::Claim> claim(std::span<const delivery::ClaimRequest> requests, const std::string& daemon_id,
                                     std::chrono::milliseconds lease) override {
    auto claims = inner_.claim(requests, daemon_id, lease);
    std::map<DestinationId, int> limits;
    for (const auto& request : requests) limits[request.destination] += request.limit;
    for (const auto& claim : claims) {
      require(--limits[claim->destination] >= 0, claim, "was claimed beyond the limit of its destination");
      require(!leases_[claim->delivery].open, claim, "was claimed while it was claimed");
      open(claim, lease);
    }
    return claims;
  }

  std::vector<delivery::Claim> take_over_expired(int limit, const std::string& daemon_id,
                                                 std::chrono::milliseconds lease) override {
    auto claims = inner_.take_over_expired(limit, daemon_id, lease);
    for (const auto& claim : claims) {
      const Lease& last = leases_[claim->delivery];
      require(last.open && clock_.unix_now() > last.until, claim, "was taken over although its lease was live");
      open(claim, lease);
    }
    return claims;
  }

  std::vector<delivery::SettleResult> settle(std::span<const delivery::Settlement> settlements) override {
    const auto results = inner_.settle(settlements);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i] == delivery::SettleResult::lease_lost) continue;
      const auto& claim = settlements[i].claim();
      Lease& last = leases_[claim->delivery];
      const bool late_success = settlements[i].decision().next == DeliveryState::delivered;
      const bool again = !settled_.insert(settlements[i].delivery_event_id()).second;
      require(again || late_success || (last.open && last.token == claim->lease), claim,
              "was settled with a lease that is not its own");
      if (again) continue;
      last.open = false;
    }
    return results;
  }

  void release(std::span<const delivery::Claim> claims) override {
    inner_.release(claims);
    for (const auto& claim : claims)
      if (Lease& last = leases_[claim->delivery]; last.open && last.token == claim->lease) last.open = false;
  }

  int wake_stranded() override { return inner_.wake_stranded(); }
  std::vector<delivery::DueDestination> due_destinations() override { return inner_.due_destinations(); }

 private:
  struct Lease {
    bool open = false;
    delivery::LeaseToken token = 0;
    UnixTime until{};
  };

  static void require(bool holds, const delivery::Claim& claim, const char* what) {
    if (!holds) throw Violation("delivery " + claim->delivery.to_string() + " " + what);
  }
  void open(const delivery::Claim& claim, std::chrono::milliseconds lease) {
    Lease& last = leases_[claim->delivery];
    require(claim->lease > last.token, claim, "was given an old lease token");
    last.open = true;
    last.token = claim->lease;
    last.until = clock_.unix_now() + lease;
  }

  delivery::DeliveryStore& inner_;
  const Clock& clock_;
  std::map<DeliveryId, Lease> leases_;
  std::set<Uuid> settled_;  // settlements that were written, by their delivery events
};

}  // namespace opi::simulation
