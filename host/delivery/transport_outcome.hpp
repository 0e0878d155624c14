#pragma once
#include "delivery/transport.hpp"
#include "domain/outcome.hpp"

namespace opi::delivery {

// The host's verdict on an exchange without a response (response.fault is not none). Pure.
Outcome transport_outcome(const HttpResponse& response);

}  // namespace opi::delivery
