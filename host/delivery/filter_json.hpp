#pragma once
#include <boost/json/object.hpp>

#include "delivery/delivery_filter.hpp"

namespace opi::delivery {

// A filter as people write and read it: {"destination_id": […], "state": […], "event_type": …, "created_from": …}, each
// member only if it is set. Cursor, limit, not_live_at and destination_exists stand nowhere. Pure.
boost::json::object to_json(const DeliveryFilter& filter);

// The inverse. Throws std::invalid_argument for anything else.
DeliveryFilter filter_of(const boost::json::object& document);

}  // namespace opi::delivery
