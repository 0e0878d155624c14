#pragma once
#include <functional>
#include <span>

#include "delivery/delivery_store.hpp"

namespace opi::delivery {

// Writes settlements together; those that the store refuses, which is a defect of ours, are told apart by halves, so
// that one holds up no other. Each index is told of once: by `settled`, or by `refused`. Throws StoreUnavailable and
// CommitInDoubt; those told of by then are done with.
void settle_apart(DeliveryStore& store, std::span<const Settlement> settlements,
                  const std::function<void(std::size_t, SettleResult)>& settled,
                  const std::function<void(std::size_t, const std::exception&)>& refused);

}  // namespace opi::delivery
