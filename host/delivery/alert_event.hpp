#pragma once
#include <string>

#include "delivery/envelope.hpp"
#include "domain/alert.hpp"

namespace opi::delivery {

// The event that says that the alert has begun (`type` is alert_raised_type) or is over (alert_cleared_type). Both have
// the alert as their subject, so that a ticket that the first opens is closed by the second; each has the same id
// however often it is made. `name` is the destination's, empty if it is deleted. Pure.
ParsedEvent alert_event(const Alert& alert, std::string_view type, const std::string& name, UnixTime now);

}  // namespace opi::delivery
