#pragma once
#include <optional>
#include <span>
#include <string>

#include "domain/clock.hpp"
#include "domain/ids.hpp"
#include "sqlite/connection.hpp"

namespace opi::sqlite {

// Of a delivery that waits behind another one about the same subject.
inline constexpr std::int64_t never_due_us = INT64_MAX;

// Deliveries about one subject of one destination: at most one of the live ones is due or under way. A dead letter
// holds its subject as long as the receiver has nothing that later deliveries could refer to.
struct OrderedSubject {
  DestinationId destination;
  std::string subject;
};

// All within the caller's transaction.

// Lets a delivery that has just become live wait if it is not its subject's turn; one without a subject never waits.
void wait_for_turn(Connection& connection, const TenantId& tenant, const DeliveryId& delivery);

// Makes the next delivery about each subject due, unless one is under way or a dead letter holds it.
// Returns how many.
int wake_next(Connection& connection, std::span<const OrderedSubject> subjects, UnixTime now);

// What the delivery waits for: the one under way, or the dead letter that holds its subject. nullopt: it does not wait,
// or is about to be woken.
std::optional<DeliveryId> waited_for(Connection& connection, const TenantId& tenant, const DeliveryId& delivery);

}  // namespace opi::sqlite
