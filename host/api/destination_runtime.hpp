#pragma once
#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <vector>

#include "delivery/fleet_store.hpp"
#include "delivery/scheduler.hpp"

namespace opi::api {

// How destinations are delivered to at this moment: by this daemon as it knows itself, by another as the store knows
// it. Thread-safe.
class DestinationRuntime {
 public:
  DestinationRuntime(delivery::Scheduler& scheduler, delivery::FleetStore& fleet, std::string daemon_id,
                     const Clock& clock)
      : scheduler_(scheduler), fleet_(fleet), daemon_id_(std::move(daemon_id)), clock_(clock) {}

  [[nodiscard]] boost::json::object view_of(const DestinationId& destination) const;
  // One view for each, in order; of at most DeliveryStore::looked_at_once.
  [[nodiscard]] std::vector<boost::json::object> views_of(std::span<const DestinationId> destinations) const;

 private:
  delivery::Scheduler& scheduler_;
  delivery::FleetStore& fleet_;
  const std::string daemon_id_;
  const Clock& clock_;
};

}  // namespace opi::api
