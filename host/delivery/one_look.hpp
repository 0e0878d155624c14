#pragma once
#include <string>

#include "delivery/delivery_store.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// Throws StoreRefused for more destinations than a store looks at in one statement.
inline void require_one_look(std::size_t destinations) {
  if (destinations > DeliveryStore::looked_at_once)
    throw StoreRefused(std::to_string(destinations) + " destinations, of which at most " +
                       std::to_string(DeliveryStore::looked_at_once) + " are looked at at once");
}

}  // namespace opi::delivery
