#pragma once
#include <boost/json.hpp>
#include <opi/plugin.hpp>

namespace opi::teams {

// The message with one Adaptive Card about the event: a heading in the colour of its severity, what happened, prose, up
// to ten facts, where it comes from, and a button for the payload's link. Markup of the payload is text. Whatever the
// payload holds, the message is within the 28 KB that Teams takes: see the limits in card.cpp.
boost::json::object message_of(const sdk::Delivery& delivery, bool full_width);

}  // namespace opi::teams
