#pragma once
#include <boost/json.hpp>
#include <opi/plugin.hpp>

namespace opi::slack {

// The members "text" and "blocks" of a message about the event: a heading, what happened, prose, up to ten facts, a
// link, and where it comes from. A reply has no heading, since the thread has one. Links and mentions of the payload
// are text.
boost::json::object message_of(const sdk::Delivery& delivery, bool reply);

}  // namespace opi::slack
