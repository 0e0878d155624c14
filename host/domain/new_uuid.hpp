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

// Version 7 UUIDs each of which is behind the one before, also within a millisecond and when the clock is set back (RFC
// 9562, 6.2, method 2). Not thread-safe.
class UuidSequence {
 public:
  Uuid next(const Clock& clock, Random& random) {
    const auto fresh = new_uuid(clock, random);
    last_ = fresh > last_ ? fresh : last_.successor();
    return last_;
  }

 private:
  Uuid last_;
};

}  // namespace opi
