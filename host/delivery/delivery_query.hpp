#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "delivery/delivery_filter.hpp"
#include "domain/attempt.hpp"
#include "domain/event.hpp"
#include "domain/idempotency_key.hpp"

namespace opi::delivery {

// One delivery as readers see it, hot or cold.
struct DeliveryView {
  TenantId tenant;
  DeliveryId id;
  DestinationId destination;
  EventId event_id;
  std::string event_type, correlation_id, alert_id, evidence_id, ticket_id;
  DeliveryState state = DeliveryState::pending;
  int attempts = 0;
  IdempotencyKey idempotency_key;
  UnixTime created_at{};
  std::optional<UnixTime> due_at;        // live deliveries whose turn it is
  std::optional<UnixTime> completed_at;  // terminal deliveries
  // Of the last recorded attempt; empty before the first.
  std::string last_reason;
  std::optional<int> last_http_status;
  std::optional<AttemptResult> last_result;
};

struct DeliveryCount {
  DestinationId destination;
  DeliveryState state{};
  std::int64_t count = 0;
};

// The read side. Every function is bound to one tenant; others' rows do not exist for it. Thread-safe.
// Throws StoreUnavailable.
class DeliveryQuery {
 public:
  virtual ~DeliveryQuery() = default;
  // Newest first.
  virtual std::vector<DeliveryView> list(const TenantId& tenant, const DeliveryFilter& filter) = 0;
  virtual std::optional<DeliveryView> find(const TenantId& tenant, const DeliveryId& delivery) = 0;
  // The one that its receiver is shown this key of.
  virtual std::optional<DeliveryId> find(const TenantId& tenant, const IdempotencyKey& key) = 0;
  // What the delivery waits for: the one about its subject that is under way, or the dead letter that holds the
  // subject. nullopt if it does not wait.
  virtual std::optional<DeliveryId> waits_for(const TenantId& tenant, const DeliveryId& delivery) = 0;
  // Ascending by number; empty if the delivery has none or is not the tenant's.
  virtual std::vector<Attempt> attempts(const TenantId& tenant, const DeliveryId& delivery) = 0;
  virtual std::vector<DeliveryCount> counts(const TenantId& tenant) = 0;
  // The last events that were stored, newest first, `limit` at most, until `visit` answers false. It must not call
  // this.
  virtual void recent_events(const TenantId& tenant, int limit,
                             const std::function<bool(const Event& event, UnixTime received_at)>& visit) = 0;
};

}  // namespace opi::delivery
