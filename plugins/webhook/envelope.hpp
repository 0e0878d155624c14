#pragma once
#include <opi/plugin.hpp>
#include <string>

namespace opi::webhook {

// The event's envelope as JSON: its nine fields in the documented order, the payload as the producer wrote it; an
// absent correlation or causation id is null.
std::string envelope_json(const sdk::Delivery& delivery);

}  // namespace opi::webhook
