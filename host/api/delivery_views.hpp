#pragma once
#include <boost/json/object.hpp>

#include "api/http_message.hpp"
#include "delivery/delivery_query.hpp"
#include "domain/catalog.hpp"

namespace opi::api {

// Why a live delivery is not sent although it may be due: its destination is disabled. nullopt if nothing holds it.
std::optional<std::string> held_reason(const Catalog& catalog, DeliveryState state, const DestinationId& destination);

boost::json::object view_of(const delivery::DeliveryView& delivery, const Catalog& catalog);
boost::json::object view_of(const Attempt& attempt);

// A delivery that a person has just moved to `state`.
boost::json::object moved_view(const delivery::DeliveryView& delivery, DeliveryState state, const Catalog& catalog);

// Empty text and absent times as null.
boost::json::value or_null(const std::string& value);
boost::json::value or_null(const std::optional<UnixTime>& time);
boost::json::string_view json_view(std::string_view text);

Response json_answer(const boost::json::object& body, int status = 200);

}  // namespace opi::api
