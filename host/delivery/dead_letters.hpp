#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "delivery/delivery_filter.hpp"
#include "delivery/moved_delivery.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// What people do with deliveries that have ended. Each function moves those of `deliveries` that are the tenant's and
// in the state it is for when it comes to them, answers exactly these, and audits each in the same transaction: of two
// people who do the same, one wins. `by` says who and when; target, correlation and details are the store's. At most
// `batch` ids a call. Thread-safe. Throws StoreUnavailable, CommitInDoubt (asking again is harmless).
class DeadLetterStore {
 public:
  static constexpr std::size_t batch = 500;
  virtual ~DeadLetterStore() = default;

  // How many match; of its states those that ended, none meaning dead letters. Cursor and limit count for nothing.
  virtual std::int64_t count(const TenantId& tenant, const DeliveryFilter& filter) = 0;
  // The oldest that match and were created after `after`, ascending, at most `limit`.
  virtual std::vector<DeliveryId> find(const TenantId& tenant, const DeliveryFilter& filter, const DeliveryId& after,
                                       int limit) = 0;

  // Live again: due now under their old ids and keys, attempt numbers go on, the policy's budget begins anew. Those
  // whose destination was deleted stay.
  virtual std::vector<MovedDelivery> replay(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                            const audit::Entry& by) = 0;
  // Given up: failed for good.
  virtual std::vector<MovedDelivery> discard(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                             const std::string& reason, const audit::Entry& by) = 0;
  // The same as replay() with delivered and failed ones.
  virtual std::vector<MovedDelivery> resend(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                            const audit::Entry& by) = 0;
};

// Replays and discards by filter, in bounded batches. Thread-safe.
class DeadLetters {
 public:
  static constexpr int max_at_once = 10'000;
  static constexpr std::size_t reason_length = 512;  // bytes

  // `replayed` is called after something was replayed: work has come.
  DeadLetters(DeadLetterStore& store, std::function<void()> replayed) : store_(store), replayed_(std::move(replayed)) {}

  std::int64_t count(const TenantId& tenant, const DeliveryFilter& filter) { return store_.count(tenant, filter); }

  // The oldest `limit` (1 to max_at_once) that match. An error ends it; what was moved before stays moved, and the
  // next call goes on.
  std::vector<MovedDelivery> replay(const TenantId& tenant, const DeliveryFilter& filter, int limit,
                                    const audit::Entry& by);
  std::vector<MovedDelivery> discard(const TenantId& tenant, const DeliveryFilter& filter, int limit,
                                     const std::string& reason, const audit::Entry& by);

  // The oldest `limit` (1 to DeadLetterStore::batch) that match behind `after`. A filter for resend_piece() names
  // delivered or failed or both.
  MovedPiece replay_piece(const TenantId& tenant, const DeliveryFilter& filter, const DeliveryId& after, int limit,
                          const audit::Entry& by);
  MovedPiece resend_piece(const TenantId& tenant, const DeliveryFilter& filter, const DeliveryId& after, int limit,
                          const audit::Entry& by);

  // One. False if it is no dead letter (any more); for a replay also if its destination was deleted.
  bool replay(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by);
  bool discard(const TenantId& tenant, const DeliveryId& delivery, const std::string& reason, const audit::Entry& by);
  // False if it is neither delivered nor failed, or its destination was deleted.
  bool resend(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by);

 private:
  using Move = std::function<std::vector<MovedDelivery>(std::span<const DeliveryId>)>;
  MovedPiece piece(const TenantId& tenant, const DeliveryFilter& filter, const DeliveryId& after, int limit,
                   const Move& move);
  std::vector<MovedDelivery> move(const TenantId& tenant, const DeliveryFilter& filter, int limit,
                                  const Move& move_batch);

  DeadLetterStore& store_;
  const std::function<void()> replayed_;
};

}  // namespace opi::delivery
