#include "simulation/witness.hpp"

#include <algorithm>

#include "delivery/fleet.hpp"

namespace opi::simulation {

using delivery::Claim;
using std::chrono::milliseconds;

void Witness::require(bool holds, const Claim& claim, const std::string& what) {
  if (!holds)
    findings_.note("delivery " + claim->delivery.to_string() + " to " + claim->destination.to_string() + " " + what);
}

void Witness::stored(std::span<const delivery::NewEvent> events, const delivery::InsertReport& report) {
  if (report.catalog_changed) return;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (report.results[i] != delivery::InsertResult::accepted) continue;
    for (const auto& one : events[i].deliveries) {
      if (one.subject.empty()) continue;
      const Subject subject{one.destination, one.subject};
      subjects_[subject].push_back(one.id);
      subject_of_[one.id] = subject;
    }
  }
}

void Witness::claimed(const std::string& daemon, std::span<const delivery::ClaimRequest> requests,
                      const delivery::ClaimTerms& terms, std::span<const Claim> claims, const Catalog& catalog,
                      bool told) {
  ++now_;
  std::map<DestinationId, int> limits;
  for (const auto& request : requests) limits[request.destination] += request.limit;
  for (const auto& claim : claims) {
    require(--limits[claim->destination] >= 0, claim, "was claimed beyond the limit of its destination");
    require(!leases_[claim->delivery].open, claim, "was claimed while it was claimed");
    check_owner(daemon, terms, claim);
    check_silence(daemon, claim);
    check_order(claim);
    open(daemon, claim, terms.lease, told);
    check_limit(claim, catalog);
    if (told) check_rate(claim, catalog);
  }
}

void Witness::open(const std::string& daemon, const Claim& claim, milliseconds lease, bool told) {
  Lease& last = leases_[claim->delivery];
  require(claim->lease > last.token, claim, "was given an old lease token");
  last = {.open = true,
          .told = told,
          .token = claim->lease,
          .until = server_.unix_now() + lease,
          .daemon = daemon,
          .subject = claim->subject,
          .destination = claim->destination};
  open_[claim->destination].insert(claim->delivery);
}

void Witness::check_owner(const std::string& daemon, const delivery::ClaimTerms& terms, const Claim& claim) {
  Claimer& last = claimers_[claim->destination];
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(server_.unix_now().time_since_epoch()).count();
  require(now <= terms.valid_until, claim, "was claimed by an ownership that has run out");
  const MonoTime here = world_.mono_now();
  require(last.daemon.empty() || last.daemon == daemon || last.valid_until < now || last.holds_until <= here ||
              here < one_owner_from_,
          claim, "was claimed by " + daemon + " while " + last.daemon + " could claim for its destination");
  // A snapshot of before the server's clock was set back ends on the daemon's own, so many seconds after it was taken.
  const auto holds = delivery::Fleet::Options{}.holds;
  const bool of_before = terms.valid_until - now > std::chrono::microseconds{holds}.count();
  last = {daemon, terms.valid_until, of_before ? one_owner_from_ : here + holds};
  if (here < one_owner_from_) limits_from_ = here + terms.lease;
  moved_on(claim->destination, daemon);
}

void Witness::moved_on(const DestinationId& destination, const std::string& to) {
  for (const auto& id : open_[destination])
    if (Lease& lease = leases_[id]; lease.daemon != to) lease.moved_on = true;
}

void Witness::check_limit(const Claim& claim, const Catalog& catalog) {
  const auto now = server_.unix_now();
  int under_way = 0;
  for (const auto& id : open_[claim->destination]) {
    const Lease& lease = leases_[id];
    if (lease.told && lease.until > now) ++under_way;
    if (lease.told && lease.until <= now) ++overlapping_;
  }
  const int cap = catalog.destinations.at(claim->destination)->max_in_flight;
  require(under_way <= cap || world_.mono_now() < limits_from_, claim,
          "is number " + std::to_string(under_way) + " under way to a destination that takes " + std::to_string(cap));
}

void Witness::check_rate(const Claim& claim, const Catalog& catalog) {
  const double rate = catalog.destinations.at(claim->destination)->rate_limit_per_second;
  if (rate <= 0) return;
  if (world_.mono_now() < one_owner_from_) {
    leases_[claim->delivery].moved_on = true;
    claimed_.forget(claim->destination);
    return sent_.forget(claim->destination);
  }
  leases_[claim->delivery].rate = rate;
  require(claimed_.one_more(claim->destination, rate, world_.mono_now()), claim, "was claimed beyond its rate");
}

bool Witness::sent(const DeliveryId& delivery) {
  const Lease& lease = leases_[delivery];
  if (lease.rate <= 0) return false;
  if (!lease.moved_on && !sent_.one_more(lease.destination, lease.rate, world_.mono_now()))
    findings_.note("delivery " + delivery.to_string() + " to " + lease.destination.to_string() +
                   " was sent beyond its rate");
  return true;
}

void Witness::check_silence(const std::string& daemon, const Claim& claim) {
  const auto known = silences_.find(claim->destination);
  if (known == silences_.end() || known->second.until <= world_.mono_now()) return;
  const Silence& silence = known->second;
  bool knows = silence.daemon == daemon;
  if (!knows && silence.remembered > 0) {
    const auto since = owners_since_[daemon].find(claim->destination);
    knows = since != owners_since_[daemon].end() && since->second > silence.remembered;
  }
  require(!knows, claim,
          "was claimed by " + daemon + " although its receiver had asked " + silence.daemon + " for silence");
}

void Witness::check_order(const Claim& claim) {
  if (claim->subject.empty()) return;
  for (const auto& id : subjects_[{claim->destination, claim->subject}]) {
    if (id == claim->delivery) break;
    require(replayed_.contains(id), claim, "goes before " + id.to_string() + ", whose event came before its own");
  }
  for (const auto& id : open_[claim->destination])
    require(id == claim->delivery || leases_[id].subject != claim->subject, claim,
            "is under way beside " + id.to_string() + ", which is about the same subject");
}

void Witness::taken_over(const std::string& daemon, std::span<const Claim> claims, milliseconds lease) {
  for (const auto& claim : claims) {
    const Lease& last = leases_[claim->delivery];
    require(last.open && server_.unix_now() > last.until, claim, "was taken over although its lease was live");
    open(daemon, claim, lease, false);
  }
}

void Witness::settled(const std::string& daemon, std::span<const delivery::Settlement> settlements,
                      std::span<const delivery::SettleResult> results, bool told) {
  ++now_;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i] == delivery::SettleResult::lease_lost) continue;
    const auto& claim = settlements[i].claim();
    Lease& last = leases_[claim->delivery];
    const bool late_success = settlements[i].decision().next == DeliveryState::delivered;
    const bool again = !settled_.insert(settlements[i].delivery_event_id()).second;
    require(again || late_success || (last.open && last.token == claim->lease), claim,
            "was settled with a lease that is not its own");
    const auto& attempt = settlements[i].attempt();
    if (const auto asked = asked_.find({claim->delivery, attempt.number});
        told && asked != asked_.end() && attempt.http_status == 429) {
      Silence& silence = silences_[claim->destination];
      const MonoTime until = world_.mono_now() + asked->second;
      if (silence.until < until) silence = {daemon, until, 0};
      asked_.erase(asked);
    }
    if (again) continue;
    last.open = false;
    open_[claim->destination].erase(claim->delivery);
    if (is_terminal(settlements[i].decision().next)) ended(claim->delivery);
  }
}

void Witness::released(std::span<const Claim> claims) {
  for (const auto& claim : claims)
    if (Lease& last = leases_[claim->delivery]; last.open && last.token == claim->lease) {
      last.open = false;
      open_[claim->destination].erase(claim->delivery);
    }
}

void Witness::given_up(const Claim& claim) {
  if (Lease& last = leases_[claim->delivery]; last.token == claim->lease) last.told = false;
}

void Witness::ended(const DeliveryId& delivery) {
  if (const auto subject = subject_of_.find(delivery); subject != subject_of_.end())
    std::erase(subjects_[subject->second], delivery);
}

void Witness::replayed(const DeliveryId& delivery) {
  replayed_.insert(delivery);
  const auto subject = subject_of_.find(delivery);
  if (subject == subject_of_.end()) return;
  auto& live = subjects_[subject->second];
  live.insert(live.begin(), delivery);
}

void Witness::asked_for_silence(const DeliveryId& delivery, int attempt, milliseconds pause) {
  asked_[{delivery, attempt}] = pause;
}

void Witness::remembered(std::span<const delivery::DestinationMemory> memories) {
  ++now_;
  // What a daemon writes down of a shorter silence is no memory of the one that its predecessor died with.
  for (const auto& memory : memories)
    if (const auto known = silences_.find(memory.destination);
        known != silences_.end() && world_.mono_now() + memory.pause >= known->second.until)
      known->second.remembered = now_;
}

void Witness::owns(const std::string& daemon, const std::set<DestinationId>& destinations) {
  ++now_;
  auto& since = owners_since_[daemon];
  std::erase_if(since, [&](const auto& one) { return !destinations.contains(one.first); });
  for (const auto& destination : destinations) {
    since.try_emplace(destination, now_);
    moved_on(destination, daemon);
  }
}

void Witness::leads(const std::string& daemon, delivery::DueTime valid_until) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(server_.unix_now().time_since_epoch()).count();
  const MonoTime here = world_.mono_now();
  if (!leader_.daemon.empty() && leader_.daemon != daemon && leader_.valid_until >= now && leader_.holds_until > here &&
      here >= one_leader_from_)
    findings_.note(daemon + " led while " + leader_.daemon + " could");
  // As with a claimer's.
  const auto holds = delivery::Fleet::Options{}.holds;
  const bool of_before = valid_until - now > std::chrono::microseconds{holds}.count();
  leader_ = {daemon, valid_until, of_before ? one_leader_from_ : here + holds};
}

void Witness::gone(const std::string& daemon) {
  if (leader_.daemon == daemon) leader_ = {};
  std::erase_if(claimers_, [&](const auto& one) { return one.second.daemon == daemon; });
  owners_since_.erase(daemon);
}

// What was agreed by its old time means nothing by the new one; the daemons' own clocks see to it that it ends.
void Witness::server_clock_was_set(std::chrono::milliseconds by) {
  one_leader_from_ = world_.mono_now() + delivery::Fleet::Options{}.holds;
  if (by.count() < 0) one_owner_from_ = world_.mono_now() + delivery::Fleet::Options{}.holds;
  std::erase_if(silences_, [](const auto& one) { return one.second.remembered > 0; });
}

bool Witness::holds(const std::string& daemon, const DeliveryId& delivery) const {
  const auto lease = leases_.find(delivery);
  return lease != leases_.end() && lease->second.open && lease->second.daemon == daemon;
}

}  // namespace opi::simulation
