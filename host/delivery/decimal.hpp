#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace opi::delivery {

// The exact value of a JSON number: digits times ten to the power of `exponent`. No zeros stand at either end of the
// digits, so that equal values are equal; zero has none, and no sign.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;

  bool operator==(const Decimal&) const = default;
};

// `text` must be a number as JSON writes it. Pure.
Decimal decimal_of(std::string_view text);

}  // namespace opi::delivery
