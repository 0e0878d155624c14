#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "delivery/delivery_query.hpp"
#include "delivery/moved_delivery.hpp"
#include "delivery/settlement.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// Live deliveries that a filter names.
struct LiveCount {
  std::int64_t waiting = 0;    // pending or retry_scheduled
  std::int64_t under_way = 0;  // delivering: nobody can cancel those before their attempt has come back
};

// One delivery to cancel, and the id of the delivery event (ticket.delivery.failed) that tells of it.
struct Cancellation {
  DeliveryId delivery;
  Uuid delivery_event_id;
};

// What people do with deliveries that wait. `by` says who, when and what; target, correlation and details of the audit
// entries are the store's. Thread-safe. Throws StoreUnavailable, CommitInDoubt (asking again is harmless).
class WaitingDeliveryStore {
 public:
  static constexpr std::size_t batch = 200;
  virtual ~WaitingDeliveryStore() = default;

  // Of a filter that goes not by_event(). Its states narrow what waits; its cursor and limit count for nothing.
  virtual LiveCount count(const TenantId& tenant, const DeliveryFilter& filter) = 0;

  // Ends those that are the tenant's and wait when it comes to them as failed, in one transaction with what tells of
  // it: an attempt of the reason "cancelled", a delivery event, an audit entry, and the turn of the next one about the
  // subject. Answers exactly these. The rollup stays: it tells of receivers. At most `batch` a call.
  virtual std::vector<MovedDelivery> cancel(const TenantId& tenant, std::span<const Cancellation> cancellations,
                                            const std::string& reason, const audit::Entry& by) = 0;

  // Makes one due at once. False if it is under way, has ended, waits for its turn, or is not the tenant's.
  virtual bool retry_now(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by) = 0;
};

// What a cancelled delivery's history and the feed say of it: an attempt that sent nothing. `cancelled` counts it
// already. Its audit entry is set. Pure.
Settlement cancellation(const MovedDelivery& cancelled, const Uuid& delivery_event_id, const std::string& reason,
                        const audit::Entry& by);

// Cancels and hastens what waits, in bounded batches. Thread-safe.
class WaitingDeliveries {
 public:
  static constexpr int max_at_once = 10'000;
  static constexpr std::size_t reason_length = 512;  // bytes

  // `due` is called after something became due.
  WaitingDeliveries(WaitingDeliveryStore& store, DeliveryQuery& query, const Clock& clock, Random& random,
                    std::function<void()> due)
      : store_(store), query_(query), clock_(clock), random_(random), due_(std::move(due)) {}

  LiveCount count(const TenantId& tenant, const DeliveryFilter& filter);

  // The newest `limit` (1 to max_at_once) that match and wait, the newest first: so of several about one subject none
  // has its turn in between. Answers how many. An error ends it; what was cancelled before stays so.
  std::int64_t cancel(const TenantId& tenant, const DeliveryFilter& filter, int limit, const std::string& reason,
                      const audit::Entry& by);
  // The newest `limit` (1 to WaitingDeliveryStore::batch) that match, of those before `before` if it is given.
  MovedPiece cancel_piece(const TenantId& tenant, const DeliveryFilter& filter, const std::optional<DeliveryId>& before,
                          int limit, const std::string& reason, const audit::Entry& by);
  // One. False if it does not wait (any more).
  bool cancel(const TenantId& tenant, const DeliveryId& delivery, const std::string& reason, const audit::Entry& by);

  // As the store's.
  bool retry_now(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by);

 private:
  std::int64_t cancel(const TenantId& tenant, std::span<const DeliveryId> deliveries, const std::string& reason,
                      const audit::Entry& by);

  WaitingDeliveryStore& store_;
  DeliveryQuery& query_;
  const Clock& clock_;
  Random& random_;
  const std::function<void()> due_;
};

}  // namespace opi::delivery
