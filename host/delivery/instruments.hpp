#pragma once
#include "domain/clock.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::delivery {

// What every service reads time and chance from, and tells what it does. The references outlive the service.
struct Instruments {
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
  telemetry::Logger& logger;
};

}  // namespace opi::delivery
