#pragma once
#include "domain/destination.hpp"
#include "domain/hold.hpp"
#include "telemetry/logger.hpp"

namespace opi::delivery {

inline void log_hold(telemetry::Logger& logger, const Destination& destination, const Hold& hold) {
  logger.warning("destination.held", {{"tenant", destination.tenant_id.str()},
                                      {"destination", destination.id.to_string()},
                                      {"cause", to_string(hold.cause)},
                                      {"reason", hold.detail},
                                      {"remedy", remedy_of(hold.cause)}});
}

inline void log_resumption(telemetry::Logger& logger, const Destination& destination) {
  logger.info("destination.resumed",
              {{"tenant", destination.tenant_id.str()}, {"destination", destination.id.to_string()}});
}

}  // namespace opi::delivery
