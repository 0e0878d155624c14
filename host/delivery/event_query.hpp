#pragma once
#include <optional>
#include <string>
#include <vector>

#include "delivery/claim.hpp"
#include "domain/event.hpp"

namespace opi::delivery {

// A place in the list of a tenant's events, which is by the time at which they were stored.
struct EventPlace {
  DueTime received_at = due_never;  // on the database's clock
  std::string event_id;

  // "<microseconds>.<event id>".
  [[nodiscard]] std::string to_string() const { return std::to_string(received_at) + '.' + event_id; }
  // The inverse; nullopt for what is none.
  static std::optional<EventPlace> parse(std::string_view text);
};

// Which of a tenant's events are meant: those that match every member that is set.
struct EventFilter {
  std::optional<std::string> event_type, source, producer;
  std::optional<std::string> correlation_id, alert_id, evidence_id, ticket_id;  // not empty
  std::optional<IdempotencyKey> idempotency_key;                                // of one of its deliveries
  std::optional<UnixTime> received_from, received_to;                           // from this on; before this
  std::optional<EventPlace> before;  // cursor: only what stands behind it in the list
  int limit = 50;                    // 1 to 200

  // The places that the answer can have: at or after the first, before the second.
  [[nodiscard]] std::pair<DueTime, EventPlace> range() const;
};

struct EventView {
  Event event;  // without its payload
  DueTime received_at = 0;
  int deliveries = 0;  // made of it; none if nobody subscribed to it
};

// What came in. Every function is bound to one tenant; others' rows do not exist for it. Thread-safe.
// Throws StoreUnavailable.
class EventQuery {
 public:
  virtual ~EventQuery() = default;
  // Newest first.
  virtual std::vector<EventView> list(const TenantId& tenant, const EventFilter& filter) = 0;
  virtual std::optional<EventView> find(const TenantId& tenant, const EventId& event) = 0;
  // The bytes that its producer wrote.
  virtual std::optional<std::string> payload(const TenantId& tenant, const EventId& event) = 0;
};

}  // namespace opi::delivery
