#include "secrets/provider_lanes.hpp"

#include <algorithm>
#include <utility>

#include "foundation/fair_queue.hpp"
#include "foundation/tenant_shares.hpp"
#include "secrets/provider_breakers.hpp"

namespace opi::secrets {

struct ProviderLanes::Lane {
  Lane(const std::shared_ptr<SecretProvider>& provider, const Options& options, telemetry::Metrics& metrics)
      : owner(provider),
        scheme(provider->scheme()),
        meters(metrics.secret_provider(scheme)),
        breakers(options.breaker),
        places(static_cast<std::size_t>(options.places)) {
    meters.breaker_open.Set(0);
  }

  const std::weak_ptr<SecretProvider> owner;
  const std::string scheme;
  telemetry::SecretProviderMeters meters;
  ProviderBreakers breakers;
  TenantShares<TenantId> places;
  Flights under_way;  // overdue ones, too: each has a place
  FairQueue<TenantId, std::shared_ptr<Flight>> waiting;

  [[nodiscard]] bool admits(const TenantId& tenant, MonoTime now) const;
  // Whether the tenant has places, and none of them has become free since then.
  [[nodiscard]] bool stands_still_since(MonoTime then, const TenantId& tenant) const;
};

struct ProviderLanes::Flight {
  std::shared_ptr<Lane> lane;
  std::shared_ptr<SecretProvider> provider;  // kept for as long as it is called
  Call call;
  MonoTime due;  // waiting: for a place; under way: to be back
  MonoTime began{};
  std::optional<bool> answered = false;  // the provider's store, if it was asked
  bool overdue = false;
  HeldPlace<TenantId> place{};  // under way: one of the lane's
};

bool ProviderLanes::Lane::admits(const TenantId& tenant, MonoTime now) const {
  int own = 0, all = 0;
  for (const auto& one : under_way)
    if (!one->overdue) ++all, own += one->call.tenant == tenant ? 1 : 0;
  return breakers.admits(tenant, own, all, now);
}

bool ProviderLanes::Lane::stands_still_since(MonoTime then, const TenantId& tenant) const {
  return places.held_by(tenant) > 0 && std::ranges::all_of(under_way, [&](const auto& one) {
           return one->call.tenant != tenant || one->began <= then;
         });
}

// A flight knows its lane, and the lane its flights. One that is left behind touches no lane any more.
ProviderLanes::~ProviderLanes() {
  const Lock lock(mutex_);
  for (const auto& [owner, lane] : lanes_) {
    for (const auto& flight : lane->under_way) flight->place = {};
    lane->under_way.clear();
    lane->waiting.take_all();
  }
}

std::shared_ptr<ProviderLanes::Lane> ProviderLanes::lane_of(const std::shared_ptr<SecretProvider>& provider) {
  // Of providers that are gone; their last calls hold what they need.
  std::erase_if(lanes_, [](const auto& one) { return one.second->owner.expired(); });
  auto& lane = lanes_[provider.get()];
  if (!lane) lane = std::make_shared<Lane>(provider, options_, metrics_);
  return lane;
}

void ProviderLanes::submit(const std::shared_ptr<SecretProvider>& provider, Call call) {
  Flights startable_now;
  std::shared_ptr<Flight> refused;
  {
    const Lock lock(mutex_);
    const MonoTime now = clock_.mono_now();
    const auto lane = lane_of(provider);
    auto flight = std::make_shared<Flight>(Flight{lane, provider, std::move(call), now + options_.timeout});
    const TenantId tenant = flight->call.tenant;
    if (!lane->admits(tenant, now)) {
      refused = std::move(flight);
    } else {
      lane->waiting.push(tenant, std::move(flight));
      startable_now = startable(*lane);
    }
  }
  if (refused) refused->call.ended(Ending::refused);
  start(startable_now);
}

ProviderLanes::Flights ProviderLanes::startable(Lane& lane) {
  Flights flights;
  const MonoTime now = clock_.mono_now();
  const auto may_start = [&](const TenantId& tenant) {
    return lane.places.may_take(tenant, lane.waiting.has_others_than(tenant)) && lane.admits(tenant, now);
  };
  while (const auto* const next = lane.waiting.next(may_start)) {
    const TenantId tenant = *next;
    const auto flight = lane.waiting.pop(tenant);
    flight->place = {lane.places, tenant};
    flights.push_back(flight);
    lane.under_way.push_back(flight);
    flight->began = now;
    flight->due = now + options_.timeout + options_.grace;
    lane.meters.in_flight.Increment();
  }
  return flights;
}

void ProviderLanes::start(const Flights& flights) {
  for (const auto& flight : flights) {
    // `blocking` may be left behind by the end of the program, and touches nothing of ours but the flight.
    auto blocking = [flight, deadline = flight->began + options_.timeout] {
      try {
        flight->answered = flight->call.ask(deadline);
      } catch (...) {
        flight->answered = false;  // whatever it was, the call has failed, and its caller knows no more either
      }
    };
    try {
      executor_(std::move(blocking), [this, flight] { returned(flight); });
    } catch (const std::exception& failure) {
      logger_.error("secret.call_not_made", {{"scheme", flight->lane->scheme}, {"error", failure.what()}});
      returned(flight);
    } catch (...) {
      logger_.error("secret.call_not_made", {{"scheme", flight->lane->scheme}});
      returned(flight);
    }
  }
}

void ProviderLanes::returned(const std::shared_ptr<Flight>& flight) {
  Flights next, refused;
  {
    const Lock lock(mutex_);
    Lane& lane = *flight->lane;
    std::erase(lane.under_way, flight);
    flight->place = {};
    lane.meters.in_flight.Decrement();
    const MonoTime now = clock_.mono_now();
    lane.meters.duration.Observe(std::chrono::duration<double>(now - flight->began).count());
    if (!flight->overdue && flight->answered)
      judge(lane, flight->call.tenant, *flight->answered);  // a late one was judged when it became so
    // Nobody waits in front of an open breaker.
    refused =
        lane.waiting.remove_all([&](const TenantId& tenant, const auto&) { return lane.breakers.shut(tenant, now); });
    next = startable(lane);
  }
  flight->call.ended(Ending::returned);
  for (const auto& one : refused) one->call.ended(Ending::refused);
  start(next);
}

void ProviderLanes::judge(Lane& lane, const TenantId& tenant, bool answered) {
  using Turned = ProviderBreakers::Turned;
  const auto turned = answered ? lane.breakers.answered(tenant) : lane.breakers.failed(tenant, clock_.mono_now());
  lane.meters.breaker_open.Set(static_cast<double>(lane.breakers.tenants_kept()));
  if (turned == Turned::nobody) return;
  const auto whose = turned == Turned::all ? std::string() : tenant.str();
  if (answered)
    logger_.info("secret.provider_recovered", {{"scheme", lane.scheme}, {"tenant", whose}});
  else
    logger_.error("secret.provider_failing", {{"scheme", lane.scheme}, {"tenant", whose}});
}

void ProviderLanes::run_once() {
  Flights overdue, refused, next;
  {
    const Lock lock(mutex_);
    const MonoTime now = clock_.mono_now();
    for (const auto& one : lanes_) {
      const auto& lane = one.second;
      for (const auto& flight : lane->under_way)
        if (!flight->overdue && now >= flight->due) {
          overdue.push_back(flight);
          flight->overdue = true;
          judge(*lane, flight->call.tenant, false);
        }
      for (auto& flight : lane->waiting.remove_all([&](const auto&, const auto& waits) { return now >= waits->due; })) {
        // Those that have its places do not come back. A queue that is too long says nothing of the store.
        const auto& tenant = flight->call.tenant;
        if (lane->stands_still_since(flight->due - options_.timeout, tenant)) judge(*lane, tenant, false);
        refused.push_back(std::move(flight));
      }
      for (auto& flight : lane->waiting.remove_all(
               [&](const TenantId&tenant, const auto&) { return lane->breakers.shut(tenant, now); }))
        refused.push_back(std::move(flight));
      for (auto& flight : startable(*lane)) next.push_back(std::move(flight));
    }
  }
  for (const auto& flight : overdue) flight->call.ended(Ending::overdue);
  for (const auto& flight : refused) flight->call.ended(Ending::refused);
  start(next);
}

}  // namespace opi::secrets
