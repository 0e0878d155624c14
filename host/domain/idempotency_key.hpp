#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "domain/ids.hpp"

namespace opi {

// SHA-256 of idempotency_canonical_form(): the same event for the same destination is one delivery, ever.
struct IdempotencyKey {
  std::array<std::uint8_t, 32> bytes{};
  bool operator==(const IdempotencyKey&) const = default;
};

// Version 1: the prefix "opi.idempotency.v1", then tenant, destination and event id, each as its decimal
// length, ':' and its bytes. The lengths make the form injective; a change of it needs a new version.
std::string idempotency_canonical_form(const TenantId& tenant, const DestinationId& destination, const EventId& event);

}  // namespace opi
