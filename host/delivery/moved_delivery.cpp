#include "delivery/moved_delivery.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace opi::delivery {

audit::Entry moved_entry(const audit::Entry& by, const MovedDelivery& moved, const std::string& reason) {
  audit::Entry entry = by;
  entry.target = "delivery:" + moved.id.to_string();
  entry.correlation_id = moved.correlation_id;
  boost::json::object details;
  if (!by.details.empty()) details = boost::json::parse(by.details).as_object();
  details["destination"] = moved.destination.to_string();
  details["event_id"] = moved.event_id.str();
  details["attempts"] = moved.attempts;
  if (!reason.empty()) details["reason"] = reason;
  entry.details = boost::json::serialize(details);
  return entry;
}

}  // namespace opi::delivery
