#pragma once
#include <optional>
#include <span>
#include <string>

#include "domain/ids.hpp"
#include "postgres/connection.hpp"

namespace opi::postgres {

// Deliveries about one subject of one destination: at most one of the live ones is due or under way. A dead letter
// holds its subject as long as the receiver has nothing that later deliveries could refer to.
struct OrderedSubject {
  DestinationId destination;
  std::string subject;
};

// All within the caller's transaction.

// Before anything else of the transaction touches deliveries about the subjects: who comes and who leaves must see each
// other. Held until the transaction ends.
void lock_subjects(Connection& connection, std::span<const OrderedSubject> subjects);

// The same for the subjects of these deliveries, live or finished; answers them.
std::vector<OrderedSubject> lock_subjects_of(Connection& connection, const TenantId& tenant,
                                             std::span<const DeliveryId> deliveries);

// Lets those of the deliveries, which have just become live, wait whose turn it is not; those without a subject never
// wait.
void wait_for_turn(Connection& connection, const TenantId& tenant, std::span<const DeliveryId> deliveries);

// Makes the next delivery about each subject due, unless one is under way or a dead letter holds it.
// Returns how many.
int wake_next(Connection& connection, std::span<const OrderedSubject> subjects);

// What the delivery waits for: the one under way, or the dead letter that holds its subject. nullopt: it does not wait,
// or is about to be woken.
std::optional<DeliveryId> waited_for(Connection& connection, const TenantId& tenant, const DeliveryId& delivery);

}  // namespace opi::postgres
