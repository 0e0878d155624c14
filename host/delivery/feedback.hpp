#pragma once
#include <chrono>
#include <optional>

#include "domain/clock.hpp"

namespace opi::delivery {

// What the end of an attempt says about its destination.
struct Feedback {
  enum class Kind {
    answered,  // the receiver works, whatever it said
    failed,    // it does not: no answer, or a status that says so
    none,      // nothing was sent
  };
  Kind kind = Kind::none;
  std::chrono::milliseconds pause{0};                    // the receiver asked for this much silence
  std::optional<std::chrono::milliseconds> next_due_in;  // the delivery is due again
  UnixTime at{};                                         // since when a pause or an open breaker is
};

}  // namespace opi::delivery
