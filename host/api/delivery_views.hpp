#pragma once
#include <boost/json/object.hpp>

#include "api/destination_runtime.hpp"
#include "api/http_message.hpp"
#include "delivery/delivery_query.hpp"

namespace opi::api {

// What keeps a live delivery from being sent: what its destination is held for.
std::optional<Hold> hold_of(const Holds& holds, DeliveryState state, const DestinationId& destination);
// The same, or that it waits for an earlier one.
std::optional<Hold> hold_of(const Holds& holds, const delivery::DeliveryView& delivery);

boost::json::object view_of(const delivery::DeliveryView& delivery, const Holds& holds);
boost::json::object view_of(const Attempt& attempt);

// A delivery that a person has just moved to `state`.
boost::json::object moved_view(const delivery::DeliveryView& delivery, DeliveryState state, const Holds& holds);

// Empty text and absent times as null.
boost::json::value or_null(const std::string& value);
boost::json::value or_null(const std::optional<UnixTime>& time);
boost::json::string_view json_view(std::string_view text);

Response json_answer(const boost::json::object& body, int status = 200);

}  // namespace opi::api
