#include "egress/lookup_queue.hpp"

#include <algorithm>
#include <iterator>

namespace opi::egress {
namespace {

std::string site_of(const std::string& host) {
  const auto last = host.rfind('.');
  if (last == std::string::npos || last == 0) return host;
  const auto before = host.rfind('.', last - 1);
  return before == std::string::npos ? host : host.substr(before + 1);
}

}  // namespace

std::string LookupQueue::fault(const std::string& host, const TenantId& tenant) const {
  if (!waiting_.may_take(tenant, false)) return "too many lookups are waiting";
  const auto zone = zones_.find({tenant, site_of(host)});
  const bool hangs = zone != zones_.end() && zone->second.suspect && zone->second.running > 0;
  return hangs ? "the name servers of its zone do not answer" : "";
}

void LookupQueue::ask(const std::string& host, const TenantId& tenant, Resolver::Callback done) {
  Job& job = jobs_[host];
  const bool is_first = std::ranges::find(job.waiters, tenant, &Waiter::tenant) == job.waiters.end();
  job.waiters.push_back({tenant, std::move(done)});
  waiting_.take(tenant);
  if (job.running || !is_first) return;
  ZoneName name{tenant, site_of(host)};
  zones_[name].hosts.push_back(host);
  offer(name);
}

void LookupQueue::offer(const ZoneName& name) {
  const auto found = zones_.find(name);
  if (found == zones_.end()) return;
  Zone& zone = found->second;
  if (zone.hosts.empty() && zone.running == 0 && !zone.in_turn &&
      (!zone.suspect || zones_.size() > max_remembered_zones)) {
    zones_.erase(found);
  } else if (!zone.hosts.empty() && zone.running < limit_of(zone) && !zone.in_turn) {
    turns_.push(name.first, name.second);
    zone.in_turn = true;
  }
}

bool LookupQueue::may_go(const TenantId& tenant) const {
  const bool others_wait = turns_.has_others_than(tenant);
  return lookups_.may_take(tenant, others_wait) && quick_.may_take(tenant, others_wait);
}

bool LookupQueue::has_next() const {
  return turns_.next([this](const TenantId& tenant) { return may_go(tenant); }) != nullptr;
}

// One that somebody still waits for, and that nobody is looking up for another tenant.
std::string LookupQueue::next_host(Zone& zone) {
  while (!zone.hosts.empty()) {
    std::string host = std::move(zone.hosts.front());
    zone.hosts.pop_front();
    if (const auto job = jobs_.find(host); job != jobs_.end() && !job->second.running) return host;
  }
  return {};
}

std::optional<LookupQueue::Lookup> LookupQueue::take() {
  while (const auto* const next = turns_.next([this](const TenantId& tenant) { return may_go(tenant); })) {
    Lookup lookup{{}, *next, {quick_, *next}, {lookups_, *next}};
    const ZoneName name{lookup.tenant, turns_.pop(lookup.tenant)};
    Zone& zone = zones_[name];
    zone.in_turn = false;
    if (zone.running < limit_of(zone)) lookup.host = next_host(zone);
    const bool found = !lookup.host.empty();
    if (found) {
      ++zone.running;
      jobs_.find(lookup.host)->second.running = true;
    }
    offer(name);
    if (found) return lookup;
  }
  return std::nullopt;
}

LookupQueue::Waiters LookupQueue::take_waiters(const std::string& host, const TenantId* of) {
  const auto job = jobs_.find(host);
  if (job == jobs_.end()) return {};
  auto& all = job->second.waiters;
  const auto taken = std::stable_partition(all.begin(), all.end(),
                                           [&](const Waiter& waiter) { return of != nullptr && waiter.tenant != *of; });
  Waiters waiters(std::make_move_iterator(taken), std::make_move_iterator(all.end()));
  all.erase(taken, all.end());
  for (const auto& waiter : waiters) waiting_.give_back(waiter.tenant);
  if (all.empty()) jobs_.erase(job);
  return waiters;
}

LookupQueue::Waiters LookupQueue::became_overdue(const Lookup& lookup) {
  Zone& zone = zones_[{lookup.tenant, site_of(lookup.host)}];
  zone.suspect = true;
  auto waiters = take_waiters(lookup.host);
  for (const auto& host : std::exchange(zone.hosts, {}))
    std::ranges::move(take_waiters(host, &lookup.tenant), std::back_inserter(waiters));
  return waiters;
}

LookupQueue::Waiters LookupQueue::returned(Lookup lookup, bool is_answer) {
  lookup.quick = {};
  lookup.place = {};
  const ZoneName name{lookup.tenant, site_of(lookup.host)};
  Zone& zone = zones_[name];
  --zone.running;
  if (is_answer) zone.suspect = false;
  offer(name);
  return is_answer ? take_waiters(lookup.host) : Waiters{};
}

void LookupQueue::clear() {
  jobs_.clear();
  turns_.take_all();
}

}  // namespace opi::egress
