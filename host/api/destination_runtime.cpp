#include "api/destination_runtime.hpp"

#include <optional>
#include <unordered_map>

#include "api/delivery_views.hpp"
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
  return status;
}

}  // namespace

json::object DestinationRuntime::view_of(const DestinationId& destination) const {
  return views_of({&destination, 1}).front();
}

std::vector<json::object> DestinationRuntime::views_of(std::span<const DestinationId> destinations) const {
  std::vector<LaneStatus> here;
  std::vector<DestinationId> elsewhere;
  for (const auto& id : destinations) {
    here.push_back(scheduler_.status(id, clock_.mono_now()));
    if (!here.back().here) elsewhere.push_back(id);
  }
  std::optional<Memories> memories{std::in_place};
  if (!elsewhere.empty()) {
    try {
      for (auto& one : fleet_.recall(elsewhere, daemon_id_)) memories->emplace(one.destination, one);
    } catch (const StoreUnavailable&) {
      memories.reset();  // the destination is shown all the same, without what only the store knows
    }
  }
  const auto in = [&](const std::optional<std::chrono::milliseconds>& wait) {
    return wait ? json::value(to_rfc3339(clock_.unix_now() + *wait)) : json::value(nullptr);
  };
  std::vector<json::object> views;
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    LaneStatus status = here[i];
    const bool known = status.here || memories;
    if (!status.here && memories) {
      const auto found = memories->find(destinations[i]);
      status = remembered(status, found == memories->end() ? DestinationMemory{} : found->second);
    }
    json::object view{{"served_by", status.served_by.empty() ? json::value(nullptr) : json::value(status.served_by)},
                      {"served_here", status.here}};
    view["in_flight"] = known ? json::value(status.in_flight) : json::value(nullptr);
    view["breaker"] = known ? json::value(json::object{{"state", json_view(to_string(status.breaker))},
                                                       {"probe_at", in(status.probe_in)}})
                            : json::value(nullptr);
    view["paused_until"] = known ? in(status.pause) : json::value(nullptr);
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace opi::api
