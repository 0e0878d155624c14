#pragma once
#include <boost/json/object.hpp>

#include "delivery/scheduler.hpp"

namespace opi::api {

// How this daemon delivers to destinations at this moment. Thread-safe.
class DestinationRuntime {
 public:
  DestinationRuntime(delivery::Scheduler& scheduler, const Clock& clock) : scheduler_(scheduler), clock_(clock) {}
  [[nodiscard]] boost::json::object view_of(const DestinationId& destination) const;

 private:
  delivery::Scheduler& scheduler_;
  const Clock& clock_;
};

}  // namespace opi::api
