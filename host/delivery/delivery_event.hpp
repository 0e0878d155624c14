#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "domain/delivery_state.hpp"
#include "domain/destination.hpp"
#include "domain/event.hpp"

namespace opi::delivery {

// The type of the event that the host publishes when a settlement leads to `state`; empty for the states
// that no settlement leads to.
constexpr std::string_view delivery_event_type(DeliveryState state) {
  switch (state) {
    case DeliveryState::delivered: return "ticket.delivery.succeeded";
    case DeliveryState::failed: return "ticket.delivery.failed";
    case DeliveryState::dead_lettered: return "ticket.delivery.dead_lettered";
    case DeliveryState::retry_scheduled: return "ticket.delivery.retry_scheduled";
    case DeliveryState::pending:
    case DeliveryState::delivering: break;
  }
  return "";
}

// The names of the host's own events, which a destination subscribes to by this pattern or one by one.
inline constexpr std::string_view delivery_event_pattern = "ticket.delivery.*";
constexpr bool is_delivery_event_type(std::string_view type) { return type.starts_with("ticket.delivery."); }

// Whether the destination gets the feed of delivery events, or some of it.
inline bool subscribes_to_feed(const Destination& destination) {
  return std::ranges::any_of(destination.subscriptions, is_delivery_event_type);
}

// The inverse; `pending` for a type that is none.
constexpr DeliveryState delivery_event_state(std::string_view type) {
  for (const auto state : all_delivery_states)
    if (!type.empty() && delivery_event_type(state) == type) return state;
  return DeliveryState::pending;
}

// What a receiver's object stands for: the ticket if the event has one, else the alert, else the event.
inline const std::string& external_reference_subject(const Event& event) {
  if (!event.ticket_id.empty()) return event.ticket_id;
  if (!event.alert_id.empty()) return event.alert_id;
  return event.event_id.str();
}

}  // namespace opi::delivery
