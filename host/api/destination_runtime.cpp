#include "api/destination_runtime.hpp"

#include <algorithm>

#include "api/delivery_views.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/hold_watch.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;
using delivery::DestinationMemory;
using LaneStatus = delivery::Scheduler::LaneStatus;
using Memories = std::unordered_map<DestinationId, DestinationMemory>;

std::string_view to_string(LaneStatus::Breaker breaker) {
  switch (breaker) {
    case LaneStatus::Breaker::closed: return "closed";
    case LaneStatus::Breaker::open: return "open";
    case LaneStatus::Breaker::probing: return "probing";
  }
  return "";
}

// What is remembered of a destination that another daemon serves, in the words of the one that does.
LaneStatus remembered(LaneStatus status, const DestinationMemory& memory) {
  status.in_flight += memory.leased_elsewhere;
  status.breaker = LaneStatus::Breaker::closed;
  status.probe_in = status.pause = std::nullopt;
  if (memory.pause.count() > 0) status.pause = memory.pause;
  if (memory.probe_in) {
    const bool open = memory.probe_in->count() > 0;
    status.breaker = open ? LaneStatus::Breaker::open : LaneStatus::Breaker::probing;
    if (open) status.probe_in = memory.probe_in;
  }
  status.paused_since = memory.paused_since;
  status.tripped_since = memory.tripped_since;
  status.hold = memory.hold;
  return status;
}

}  // namespace

json::value view_of(const std::optional<Hold>& hold) {
  if (!hold) return nullptr;
  return json::object{{"cause", json_view(opi::to_string(hold->cause))},
                      {"since", or_null(hold->since)},
                      {"until", or_null(hold->until)},
                      {"remedy", json_view(remedy_of(hold->cause))},
                      {"detail", or_null(hold->detail)}};
}

// In the order that was asked for; without what only the store knows if it does not answer.
struct DestinationRuntime::Known {
  std::vector<LaneStatus> statuses;
  bool store_answered = true;
};

DestinationRuntime::Known DestinationRuntime::known(const std::shared_ptr<const Destination>* first,
                                                    std::size_t count) const {
  Known all;
  std::vector<DestinationId> elsewhere;
  for (const auto& destination : std::span{first, count}) {
    all.statuses.push_back(scheduler_.status(destination->id, clock_.mono_now()));
    const auto& status = all.statuses.back();
    if (!status.here || !status.known) elsewhere.push_back(destination->id);
  }
  if (elsewhere.empty()) return all;
  Memories memories;
  try {
    for (auto& one : fleet_.recall(elsewhere, daemon_id_)) memories.emplace(one.destination, one);
  } catch (const StoreUnavailable&) {
    all.store_answered = false;
    return all;
  }
  for (std::size_t i = 0; i < count; ++i) {
    auto& status = all.statuses[i];
    if (status.here && status.known) continue;
    const auto found = memories.find(first[i]->id);
    status = remembered(status, found == memories.end() ? DestinationMemory{} : found->second);
  }
  return all;
}

std::vector<DestinationRuntime::Standing> DestinationRuntime::of(const Destinations& destinations) const {
  std::vector<Standing> standings;
  const auto now = clock_.unix_now();
  const auto in = [&](const std::optional<std::chrono::milliseconds>& wait) {
    return wait ? json::value(to_rfc3339(now + *wait)) : json::value(nullptr);
  };
  for (std::size_t begin = 0; begin < destinations.size(); begin += delivery::DeliveryStore::looked_at_once) {
    const auto count = std::min(delivery::DeliveryStore::looked_at_once, destinations.size() - begin);
    const auto page = known(&destinations[begin], count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& status = page.statuses[i];
      const bool told = status.here || page.store_answered;
      json::object view{{"served_by", or_null(status.served_by)}, {"served_here", status.here}};
      view["in_flight"] = told ? json::value(status.in_flight) : json::value(nullptr);
      view["breaker"] = told ? json::value(json::object{{"state", json_view(to_string(status.breaker))},
                                                        {"probe_at", in(status.probe_in)}})
                             : json::value(nullptr);
      view["paused_until"] = told ? in(status.pause) : json::value(nullptr);
      standings.push_back({std::move(view), delivery::hold_of(*destinations[begin + i], status, now)});
    }
  }
  return standings;
}

Holds DestinationRuntime::holds(const Destinations& destinations) const {
  Holds holds;
  const auto standings = of(destinations);
  for (std::size_t i = 0; i < destinations.size(); ++i)
    if (standings[i].held) holds.emplace(destinations[i]->id, *standings[i].held);
  return holds;
}

Holds DestinationRuntime::holds(const Catalog& catalog, std::span<const DestinationId> destinations) const {
  Destinations found;
  for (const auto& id : destinations)
    if (const auto one = catalog.destinations.find(id); one != catalog.destinations.end()) found.push_back(one->second);
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());  // clang 14 has no std::ranges::unique
  return holds(found);
}

Holds DestinationRuntime::holds(const Catalog& catalog, const TenantId& tenant) const {
  const auto group = catalog.by_tenant.find(tenant);
  return group == catalog.by_tenant.end() ? Holds{} : holds(group->second);
}

}  // namespace opi::api
