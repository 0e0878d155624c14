#include "api/destination_runtime.hpp"

#include "api/delivery_views.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

using LaneStatus = delivery::Scheduler::LaneStatus;

std::string_view to_string(LaneStatus::Breaker breaker) {
  switch (breaker) {
    case LaneStatus::Breaker::closed: return "closed";
    case LaneStatus::Breaker::open: return "open";
    case LaneStatus::Breaker::probing: return "probing";
  }
  return "";
}

}  // namespace

boost::json::object DestinationRuntime::view_of(const DestinationId& destination) const {
  const auto status = scheduler_.status(destination, clock_.mono_now());
  const auto in = [&](const std::optional<std::chrono::milliseconds>& wait) {
    return wait ? boost::json::value(to_rfc3339(clock_.unix_now() + *wait)) : boost::json::value(nullptr);
  };
  return {{"in_flight", status.in_flight},
          {"breaker", {{"state", json_view(to_string(status.breaker))}, {"probe_at", in(status.probe_in)}}},
          {"paused_until", in(status.pause)}};
}

}  // namespace opi::api
