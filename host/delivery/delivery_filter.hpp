#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/clock.hpp"
#include "domain/delivery_state.hpp"
#include "domain/ids.hpp"

namespace opi::delivery {

// Which of a tenant's deliveries are meant: those that match every member that is set. Empty lists mean all.
struct DeliveryFilter {
  static constexpr std::size_t max_destinations = 100;

  std::vector<DeliveryState> states;
  std::vector<DestinationId> destinations;
  std::vector<DestinationId> not_live_at;  // live deliveries to these are left out
  std::optional<EventId> event_id;
  std::optional<std::string> event_type;
  std::optional<std::string> correlation_id, alert_id, evidence_id, ticket_id;  // not empty
  std::optional<UnixTime> created_from, created_to;                             // from this on; before this
  std::optional<DeliveryId> only;                                               // this very one
  bool destination_exists = false;   // of dead letters: only those whose destination was not deleted
  std::optional<DeliveryId> before;  // cursor: only deliveries created before this one (ids are time-ordered)
  int limit = 50;                    // 1 to 200

  // Some member names a single event or a few: the way is from the events to their deliveries.
  [[nodiscard]] bool by_event() const { return event_id || correlation_id || alert_id || evidence_id || ticket_id; }
};

// The ids that a delivery of the filter can have: from the first on, before the second. Narrower than all ids if the
// filter says when or has a cursor. An id carries the time of a daemon, created_at that of the store: the range
// allows the two to differ by an hour. Pure.
std::pair<Uuid, Uuid> id_range(const DeliveryFilter& filter);

}  // namespace opi::delivery
