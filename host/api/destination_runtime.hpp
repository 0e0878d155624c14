#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "delivery/fleet_store.hpp"
#include "delivery/scheduler.hpp"
#include "domain/catalog.hpp"
#include "domain/hold.hpp"

namespace opi::api {

// What keeps destinations from being sent to; those that nothing keeps are not in it.
using Holds = std::unordered_map<DestinationId, Hold>;

// {cause, since, until, remedy, detail}, or null.
boost::json::value view_of(const std::optional<Hold>& hold);

// How destinations are delivered to at this moment: by this daemon as it knows itself, by another as the store knows
// it. Thread-safe.
class DestinationRuntime {
 public:
  DestinationRuntime(delivery::Scheduler& scheduler, delivery::FleetStore& fleet, std::string daemon_id,
                     const Clock& clock)
      : scheduler_(scheduler), fleet_(fleet), daemon_id_(std::move(daemon_id)), clock_(clock) {}

  struct Standing {
    boost::json::object runtime;
    std::optional<Hold> held;
  };
  using Destinations = std::vector<std::shared_ptr<const Destination>>;
  // One for each, in order.
  [[nodiscard]] std::vector<Standing> of(const Destinations& destinations) const;
  // Of these, or of all of a tenant's; of unknown ones nothing.
  [[nodiscard]] Holds holds(const Catalog& catalog, std::span<const DestinationId> destinations) const;
  [[nodiscard]] Holds holds(const Catalog& catalog, const TenantId& tenant) const;

 private:
  struct Known;
  [[nodiscard]] Known known(const std::shared_ptr<const Destination>* first, std::size_t count) const;
  [[nodiscard]] Holds holds(const Destinations& destinations) const;

  delivery::Scheduler& scheduler_;
  delivery::FleetStore& fleet_;
  const std::string daemon_id_;
  const Clock& clock_;
};

}  // namespace opi::api
