#pragma once
#include "domain/clock.hpp"
#include "domain/uuid.hpp"

namespace opi {

// A version 7 UUID of now.
inline Uuid new_uuid(const Clock& clock, Random& random) {
  std::array<std::uint8_t, 10> entropy;
  random.fill(entropy);
  return Uuid::v7(clock.unix_now().time_since_epoch(), entropy);
}

}  // namespace opi
