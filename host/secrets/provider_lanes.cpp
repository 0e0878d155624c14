#include "secrets/provider_lanes.hpp"

#include <algorithm>
#include <list>
#include <utility>

namespace opi::secrets {

// Whoever waits for a place, in turns over the tenants, and of each in order.
class ProviderLanes::Queue {
 public:
  [[nodiscard]] bool empty() const { return turns_.empty(); }
  void push(const std::string& tenant, std::shared_ptr<Flight> flight) {
    auto turn = std::ranges::find(turns_, tenant, &Turn::tenant);
    if (turn == turns_.end()) turn = turns_.insert(turns_.end(), Turn{tenant, {}});
    turn->flights.push_back(std::move(flight));
  }
  // The next one whose turn it is; then it is the next tenant's.
  std::shared_ptr<Flight> pop() {
    auto flight = std::move(turns_.front().flights.front());
    turns_.front().flights.pop_front();
    if (turns_.front().flights.empty())
      turns_.pop_front();
    else
      turns_.splice(turns_.end(), turns_, turns_.begin());
    return flight;
  }
  // Those that have waited for too long.
  Flights take_due(MonoTime now);
  Flights take_all() {
    Flights all;
    while (!empty()) all.push_back(pop());
    return all;
  }

 private:
  struct Turn {
    std::string tenant;
    Flights flights;
  };
  std::list<Turn> turns_;
};

struct ProviderLanes::Lane {
  Lane(const std::shared_ptr<SecretProvider>& provider, const Options& options, telemetry::Metrics& metrics)
      : owner(provider), scheme(provider->scheme()), breaker(options.breaker), meters(metrics.secret_provider(scheme)) {
    meters.breaker_open.Set(0);
  }

  const std::weak_ptr<SecretProvider> owner;
  const std::string scheme;
  CircuitBreaker breaker;
  telemetry::SecretProviderMeters meters;
  Flights under_way;  // overdue ones, too: each has a place
  Queue waiting;

  [[nodiscard]] int in_time() const;
  // Whether none of its places has become free since then.
  [[nodiscard]] bool stands_still_since(MonoTime then, int places) const;
};

struct ProviderLanes::Flight {
  std::shared_ptr<Lane> lane;
  std::shared_ptr<SecretProvider> provider;  // kept for as long as it is called
  Call call;
  MonoTime due;  // waiting: for a place; under way: to be back
  MonoTime began{};
  std::optional<bool> answered = false;  // the provider's store, if it was asked
  bool overdue = false;
};

int ProviderLanes::Lane::in_time() const {
  return static_cast<int>(std::ranges::count(under_way, false, [](const auto& one) { return one->overdue; }));
}

bool ProviderLanes::Lane::stands_still_since(MonoTime then, int places) const {
  return std::cmp_greater_equal(under_way.size(), places) &&
         std::ranges::all_of(under_way, [then](const auto& one) { return one->began <= then; });
}

ProviderLanes::Flights ProviderLanes::Queue::take_due(MonoTime now) {
  Flights due;
  for (auto& turn : turns_)
    while (!turn.flights.empty() && now >= turn.flights.front()->due) {
      due.push_back(std::move(turn.flights.front()));
      turn.flights.pop_front();
    }
  std::erase_if(turns_, [](const Turn& turn) { return turn.flights.empty(); });
  return due;
}

// A flight knows its lane, and the lane its flights.
ProviderLanes::~ProviderLanes() {
  const Lock lock(mutex_);
  for (const auto& [owner, lane] : lanes_) {
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
    if (lane->breaker.tripped() && lane->breaker.admit(1, lane->in_time(), now) == 0) {
      refused = std::move(flight);
    } else {
      const std::string tenant = flight->call.tenant;
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
  while (!lane.waiting.empty() && std::cmp_less(lane.under_way.size(), options_.places) &&
         lane.breaker.admit(1, lane.in_time(), now) > 0) {
    const auto flight = lane.waiting.pop();
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
    lane.meters.in_flight.Decrement();
    lane.meters.duration.Observe(std::chrono::duration<double>(clock_.mono_now() - flight->began).count());
    if (!flight->overdue && flight->answered)
      judge(lane, *flight->answered);  // a late one was judged when it became so
    // Nobody waits in front of an open breaker.
    if (lane.breaker.open(clock_.mono_now())) refused = lane.waiting.take_all();
    next = startable(lane);
  }
  flight->call.ended(Ending::returned);
  for (const auto& one : refused) one->call.ended(Ending::refused);
  start(next);
}

void ProviderLanes::judge(Lane& lane, bool answered) {
  const bool was_tripped = lane.breaker.tripped();
  if (answered)
    lane.breaker.succeeded();
  else
    lane.breaker.failed(clock_.mono_now());
  lane.meters.breaker_open.Set(lane.breaker.tripped() ? 1 : 0);
  if (was_tripped == lane.breaker.tripped()) return;
  if (was_tripped)
    logger_.info("secret.provider_recovered", {{"scheme", lane.scheme}});
  else
    logger_.error("secret.provider_failing", {{"scheme", lane.scheme}});
}

void ProviderLanes::run_once() {
  Flights overdue, refused, next;
  {
    const Lock lock(mutex_);
    const MonoTime now = clock_.mono_now();
    for (const auto& [owner, lane] : lanes_) {
      for (const auto& flight : lane->under_way)
        if (!flight->overdue && now >= flight->due) {
          overdue.push_back(flight);
          flight->overdue = true;
          judge(*lane, false);
        }
      for (auto& flight : lane->waiting.take_due(now)) {
        // Those that have the places do not come back. A queue that is too long says nothing of the store.
        if (lane->stands_still_since(flight->due - options_.timeout, options_.places)) judge(*lane, false);
        refused.push_back(std::move(flight));
      }
      if (lane->breaker.open(now))
        for (auto& flight : lane->waiting.take_all()) refused.push_back(std::move(flight));
      for (auto& flight : startable(*lane)) next.push_back(std::move(flight));
    }
  }
  for (const auto& flight : overdue) flight->call.ended(Ending::overdue);
  for (const auto& flight : refused) flight->call.ended(Ending::refused);
  start(next);
}

}  // namespace opi::secrets
