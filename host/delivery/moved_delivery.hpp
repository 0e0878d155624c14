#pragma once
#include <string>

#include "audit/audit_record.hpp"

namespace opi::delivery {

// A delivery that a person moved: a dead letter that was replayed or discarded, a waiting one that was cancelled or
// made due.
struct MovedDelivery {
  DeliveryId id;
  DestinationId destination;
  EventId event_id;
  std::string correlation_id;
  int attempts = 0;  // recorded ones; they stay
};

// The audit entry of one; `by` says who, when and what, `reason` may be empty. Pure.
audit::Entry moved_entry(const audit::Entry& by, const MovedDelivery& moved, const std::string& reason);

}  // namespace opi::delivery
