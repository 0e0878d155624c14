#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/clock.hpp"
#include "domain/event.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// One delivery event as the feed shows it: what a settlement published.
struct FeedEntry {
  std::int64_t sequence = 0;  // counts from 1, without gaps, in the order of commits
  Uuid id;
  std::string type;  // ticket.delivery.*
  DeliveryId delivery;
  DestinationId destination;
  EventId event_id;            // of the event that was delivered
  std::string correlation_id;  // its own
  // Empty if the event was removed since (retention).
  std::string event_type, alert_id, evidence_id, ticket_id;
  int attempt = 1;
  UnixTime occurred_at{};
};

// Each tenant's delivery events in one order, and how far they were published. A reader that goes on behind the last
// sequence it saw misses nothing: whatever commits later has a higher one. Thread-safe. Throws StoreUnavailable, and
// CommitInDoubt where it writes (asking again is harmless).
class DeliveryFeed {
 public:
  virtual ~DeliveryFeed() = default;
  // Behind `after`, ascending, at most `limit`; of these types, or of all if there is none.
  virtual std::vector<FeedEntry> read(const TenantId& tenant, std::int64_t after,
                                      std::span<const std::string_view> types, int limit) = 0;
  // The last sequence; 0 if there is none.
  virtual std::int64_t head(const TenantId& tenant) = 0;

  // Up to where the tenant's feed was published. The catalog store puts the cursor to the head with the tenant's first
  // subscription (what happened before is not sent); one that an older version stored gets it here.
  virtual std::int64_t publishing_cursor(const TenantId& tenant) = 0;
  // Moves the cursor forward, never back; false, and it stays, if the catalog has another revision than the one that
  // was published by: somebody may have subscribed before some of it happened.
  virtual bool published(const TenantId& tenant, std::int64_t sequence, std::int64_t catalog_revision) = 0;
  // Forgets the cursors of all tenants but these, unless the catalog has another revision by now.
  virtual void keep_publishing_only(std::span<const TenantId> tenants, std::int64_t catalog_revision) = 0;
};

// The entry in the OneProtect envelope. Its payload names the delivery; causation is the event that was delivered.
// Pure.
Event feed_event(const TenantId& tenant, const FeedEntry& entry);

}  // namespace opi::delivery
