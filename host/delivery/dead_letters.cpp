#include "delivery/dead_letters.hpp"

#include <algorithm>
#include <iterator>

namespace opi::delivery {

std::vector<MovedDelivery> DeadLetters::replay(const TenantId& tenant, const DeliveryFilter& filter, int limit,
                                               const audit::Entry& by) {
  auto moved = move(tenant, filter, limit, [&](std::span<const DeliveryId> ids) {
    auto replayed = store_.replay(tenant, ids, by);
    if (!replayed.empty()) replayed_();
    return replayed;
  });
  return moved;
}

std::vector<MovedDelivery> DeadLetters::discard(const TenantId& tenant, const DeliveryFilter& filter, int limit,
                                                const std::string& reason, const audit::Entry& by) {
  return move(tenant, filter, limit,
              [&](std::span<const DeliveryId> ids) { return store_.discard(tenant, ids, reason, by); });
}

bool DeadLetters::replay(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by) {
  const bool moved = !store_.replay(tenant, {&delivery, 1}, by).empty();
  if (moved) replayed_();
  return moved;
}

bool DeadLetters::discard(const TenantId& tenant, const DeliveryId& delivery, const std::string& reason,
                          const audit::Entry& by) {
  return !store_.discard(tenant, {&delivery, 1}, reason, by).empty();
}

bool DeadLetters::resend(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by) {
  const bool moved = !store_.resend(tenant, {&delivery, 1}, by).empty();
  if (moved) replayed_();
  return moved;
}

MovedPiece DeadLetters::replay_piece(const TenantId& tenant, const DeliveryFilter& filter, const DeliveryId& after,
                                     int limit, const audit::Entry& by) {
  return piece(tenant, filter, after, limit, [&](auto ids) { return store_.replay(tenant, ids, by); });
}

MovedPiece DeadLetters::resend_piece(const TenantId& tenant, const DeliveryFilter& filter, const DeliveryId& after,
                                     int limit, const audit::Entry& by) {
  return piece(tenant, filter, after, limit, [&](auto ids) { return store_.resend(tenant, ids, by); });
}

MovedPiece DeadLetters::piece(const TenantId& tenant, const DeliveryFilter& filter, const DeliveryId& after, int limit,
                              const Move& move) {
  MovedPiece piece;
  const auto ids = store_.find(tenant, filter, after, limit);
  piece.at_the_end = ids.size() < static_cast<std::size_t>(limit);
  if (ids.empty()) return piece;
  piece.last = ids.back();
  piece.moved = static_cast<std::int64_t>(move(ids).size());
  piece.passed_by = static_cast<std::int64_t>(ids.size()) - piece.moved;
  if (piece.moved > 0) replayed_();
  return piece;
}

// What stays where it is, because somebody else moved it or its destination is gone, is passed by.
std::vector<MovedDelivery> DeadLetters::move(const TenantId& tenant, const DeliveryFilter& filter, int limit,
                                             const Move& move_batch) {
  std::vector<MovedDelivery> moved;
  DeliveryId after;
  for (int left = limit; left > 0;) {
    const auto ids = store_.find(tenant, filter, after, std::min(left, static_cast<int>(DeadLetterStore::batch)));
    if (ids.empty()) break;
    after = ids.back();
    left -= static_cast<int>(ids.size());
    auto batch = move_batch(ids);
    moved.insert(moved.end(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  }
  return moved;
}

}  // namespace opi::delivery
