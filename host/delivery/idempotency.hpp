#pragma once
#include "crypto/digest.hpp"
#include "domain/idempotency_key.hpp"

namespace opi::delivery {

inline IdempotencyKey idempotency_key(const TenantId& tenant, const DestinationId& destination, const EventId& event) {
  return {crypto::sha256(idempotency_canonical_form(tenant, destination, event))};
}

}  // namespace opi::delivery
