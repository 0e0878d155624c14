#pragma once
#include <string>
#include <string_view>

#include "domain/delivery_state.hpp"
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

// What a receiver's object stands for: the ticket if the event has one, else the alert, else the event.
inline const std::string& external_reference_subject(const Event& event) {
  if (!event.ticket_id.empty()) return event.ticket_id;
  if (!event.alert_id.empty()) return event.alert_id;
  return event.event_id.str();
}

}  // namespace opi::delivery
