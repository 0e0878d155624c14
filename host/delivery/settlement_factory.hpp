#pragma once
#include "delivery/settlement.hpp"
#include "domain/destination.hpp"

namespace opi::delivery {

// When an attempt began and how long it took.
struct AttemptTiming {
  UnixTime started_at{};
  std::chrono::milliseconds duration{0};
};

// Makes the settlement of an attempt: the stored attempt with redacted texts, and the audit entry and delivery
// event that go with it. `interrupted`: the attempt's daemon vanished.
Settlement make_settlement(Claim&& claim, const Outcome& outcome, const Decision& decision, const AttemptTiming& timing,
                           bool interrupted, const Clock& clock, Random& random);

}  // namespace opi::delivery
