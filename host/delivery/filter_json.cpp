#include "delivery/filter_json.hpp"

#include <boost/json/array.hpp>
#include <stdexcept>

#include "domain/timestamp.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

std::string_view text_of(const json::value& value) {
  const auto* text = value.if_string();
  if (text == nullptr) throw std::invalid_argument("a member of a stored filter is no text");
  return {text->data(), text->size()};
}

const json::array& list_of(const json::value& value) {
  const auto* list = value.if_array();
  if (list == nullptr) throw std::invalid_argument("a member of a stored filter is no list");
  return *list;
}

template <class Value>
Value needed(std::optional<Value> value) {
  if (!value) throw std::invalid_argument("a member of a stored filter cannot be read");
  return std::move(*value);
}

}  // namespace

json::object to_json(const DeliveryFilter& filter) {
  json::object document;
  if (!filter.destinations.empty()) {
    json::array ids;
    for (const auto& id : filter.destinations) ids.emplace_back(id.to_string());
    document["destination_id"] = std::move(ids);
  }
  if (!filter.states.empty()) {
    json::array names;
    for (const auto state : filter.states) {
      const auto name = to_string(state);
      names.emplace_back(json::string_view{name.data(), name.size()});
    }
    document["state"] = std::move(names);
  }
  if (filter.event_id) document["event_id"] = filter.event_id->str();
  if (filter.event_type) document["event_type"] = *filter.event_type;
  if (filter.correlation_id) document["correlation_id"] = *filter.correlation_id;
  if (filter.alert_id) document["alert_id"] = *filter.alert_id;
  if (filter.evidence_id) document["evidence_id"] = *filter.evidence_id;
  if (filter.ticket_id) document["ticket_id"] = *filter.ticket_id;
  if (filter.created_from) document["created_from"] = to_rfc3339(*filter.created_from);
  if (filter.created_to) document["created_to"] = to_rfc3339(*filter.created_to);
  return document;
}

DeliveryFilter filter_of(const json::object& document) {
  DeliveryFilter filter;
  for (const auto& member : document) {
    const std::string_view name{member.key().data(), member.key().size()};
    const auto& value = member.value();
    if (name == "destination_id")
      for (const auto& id : list_of(value)) filter.destinations.push_back(needed(DestinationId::parse(text_of(id))));
    else if (name == "state")
      for (const auto& state : list_of(value)) filter.states.push_back(needed(parse_delivery_state(text_of(state))));
    else if (name == "event_id")
      filter.event_id = needed(EventId::parse(text_of(value)));
    else if (name == "event_type")
      filter.event_type = text_of(value);
    else if (name == "correlation_id")
      filter.correlation_id = text_of(value);
    else if (name == "alert_id")
      filter.alert_id = text_of(value);
    else if (name == "evidence_id")
      filter.evidence_id = text_of(value);
    else if (name == "ticket_id")
      filter.ticket_id = text_of(value);
    else if (name == "created_from")
      filter.created_from = needed(parse_rfc3339(text_of(value)));
    else if (name == "created_to")
      filter.created_to = needed(parse_rfc3339(text_of(value)));
    else
      throw std::invalid_argument("a stored filter has a member that this version does not know");
  }
  return filter;
}

}  // namespace opi::delivery
