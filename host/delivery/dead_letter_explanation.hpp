#pragma once
#include <string>

#include "delivery/delivery_query.hpp"

namespace opi::delivery {

// For people: why a delivery was parked, and what to check before it is sent again.
struct DeadLetterExplanation {
  std::string explanation;  // one sentence, from the last attempt
  std::string advice;
};

// Pure.
DeadLetterExplanation explain(const DeliveryView& dead_letter);

}  // namespace opi::delivery
