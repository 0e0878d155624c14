#pragma once
#include <boost/json.hpp>
#include <opi/plugin.hpp>

namespace opi::slack {

// A message about the event, without its channel: a heading, what happened, prose, up to ten facts, a
// link, and where it comes from. A reply has no heading, since the thread has one. Links and mentions of the payload
// are text.
boost::json::object message_of(const sdk::Delivery& delivery, bool reply);

}  // namespace opi::slack
