#pragma once
#include <optional>
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

// A part of moving many.
struct MovedPiece {
  std::int64_t moved = 0, passed_by = 0;  // those that matched a moment ago and were no longer as they have to be
  std::optional<DeliveryId> last;         // where the next piece goes on
  bool at_the_end = false;
};

// The audit entry of one; `by` says who, when and what, and in its details what else is to be said; `reason` may be
// empty. Pure.
audit::Entry moved_entry(const audit::Entry& by, const MovedDelivery& moved, const std::string& reason);

}  // namespace opi::delivery
