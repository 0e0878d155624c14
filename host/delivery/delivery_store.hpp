#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delivery/claim.hpp"
#include "delivery/settlement.hpp"
#include "domain/catalog.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

using ContentHash = std::array<std::uint8_t, 32>;

struct NewDelivery {
  DeliveryId id;
  DestinationId destination;
  IdempotencyKey idempotency_key;
  std::string subject = {};  // set if its destination is served in order: it waits for those before it
};

struct NewEvent {
  Event event;
  ContentHash content_hash{};  // equal for equal envelopes
  std::vector<NewDelivery> deliveries;
  std::optional<audit::Entry> audit_entry;  // for events that a person caused: chained if the event is accepted
};

enum class InsertResult {
  accepted,
  duplicate,  // this event id with the same content hash is stored already
  conflict,   // this event id with another content hash is stored already; nothing changed
};

struct InsertReport {
  bool catalog_changed = false;  // the catalog is newer than the one the deliveries were made from: nothing was stored
  std::vector<InsertResult> results;  // one per event, in order
};

struct ClaimRequest {
  DestinationId destination;
  int limit = 0;                      // free slots
  DueTime due_from = due_since_ever;  // low watermark: only rows due at or after it are looked at
};

// How a claim is made.
struct ClaimTerms {
  std::string daemon_id;            // who holds the leases
  std::chrono::milliseconds lease;  // from the moment the database works on the claim
  // A claim that reaches the database later than this, by its clock, takes nothing: a daemon that stood still meanwhile
  // would claim what is another's by now.
  DueTime valid_until = due_never;
};

// Where to look for waiting deliveries: of a destination, due at or after a low watermark.
struct DueSearch {
  DueSearch(const DestinationId& of, DueTime from = due_since_ever) : destination(of), due_from(from) {}
  DestinationId destination;
  DueTime due_from;
};

struct DueDestination {
  DestinationId destination;
  std::chrono::milliseconds due_in{0};  // of its earliest waiting delivery by the database's clock; <= 0: due
  DueTime due_at = due_since_ever;      // the same as a point on that clock: a low watermark that hides nothing
};

enum class SettleResult { settled, lease_lost };

// The outbox. Every function throws StoreUnavailable (nothing changed) or, where it writes, CommitInDoubt.
// Thread-safe; intake, claims and settlements do not wait for each other beyond what the engine demands.
class DeliveryStore {
 public:
  virtual ~DeliveryStore() = default;

  // Stores events with their deliveries (pending, due now) in one transaction, synchronously durable.
  // Event ids are distinct within the call. `catalog_revision` is the one the deliveries were made from.
  virtual InsertReport insert(std::span<const NewEvent> events, std::int64_t catalog_revision) = 0;

  // After CommitInDoubt of insert(): whether each of these events is stored with this very content.
  virtual std::vector<bool> stored(std::span<const NewEvent> events) = 0;

  // Tells other daemons that work for these destinations has come, after its commit; of none, or of too many to be
  // named, that any may have some.
  virtual void announce(std::span<const DestinationId> destinations) = 0;

  // Claims up to the given number of due deliveries per destination and leases each. Only
  // pending and retry_scheduled deliveries are claimed; expired leases are left to take_over_expired().
  // Safe to be lost: an unreported claim runs out by itself.
  virtual std::vector<Claim> claim(std::span<const ClaimRequest> requests, const ClaimTerms& terms) = 0;

  // Ends or reschedules claimed deliveries: state, attempt, delivery event and audit record of each in
  // one transaction; the end of an ordered delivery makes the next one about its subject due. Fenced by the lease
  // token, except that a success still counts while the delivery is live. Submitting the same settlement twice is
  // harmless; a terminal attempt replaces a retryable or interrupted record of the same number, never the reverse. One
  // result per settlement, in order. After CommitInDoubt, submit again.
  virtual std::vector<SettleResult> settle(std::span<const Settlement> settlements) = 0;

  // Gives claimed deliveries back unsent, due as before. Lost leases are ignored.
  virtual void release(std::span<const Claim> claims) = 0;

  // Takes over deliveries whose lease has run out: re-leased to this daemon with a new token. The caller
  // settles each as interrupted. Costs by the leases there are, not by the deliveries that wait.
  virtual std::vector<Claim> take_over_expired(int limit, const std::string& daemon_id,
                                               std::chrono::milliseconds lease) = 0;

  // Makes deliveries due that wait for nobody any more, such as behind a dead letter that retention took away. Those
  // that settle(), or a dead letter's replay or discard, lets go need no help. Returns how many.
  virtual int wake_stranded() = 0;

  // Those of these destinations, at most `looked_at_once`, that have waiting deliveries (pending or retry_scheduled)
  // from their watermarks on, with the time of the earliest. In no particular order.
  static constexpr std::size_t looked_at_once = 500;
  virtual std::vector<DueDestination> due_destinations(std::span<const DueSearch> searches) = 0;
};

}  // namespace opi::delivery
