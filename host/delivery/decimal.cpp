#include "delivery/decimal.hpp"

#include <algorithm>

namespace opi::delivery {
namespace {

// Far beyond what any text can shift it back by.
constexpr std::int64_t most_exponent = std::int64_t{1} << 60;

std::int64_t exponent_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (const char c : text) value = std::min(value * 10 + (c - '0'), most_exponent / 16);
  return negative ? -value : value;
}

}  // namespace

Decimal decimal_of(std::string_view text) {
  Decimal number;
  number.negative = text.starts_with('-');
  if (number.negative) text.remove_prefix(1);
  const auto e = std::min(text.find_first_of("eE"), text.size());
  const auto mantissa = text.substr(0, e);
  if (e < text.size()) number.exponent = exponent_of(text.substr(e + 1));
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  number.digits = mantissa.substr(0, point);
  if (point < mantissa.size()) {
    number.digits += mantissa.substr(point + 1);
    number.exponent -= static_cast<std::int64_t>(mantissa.size() - point - 1);
  }
  number.digits.erase(0, std::min(number.digits.find_first_not_of('0'), number.digits.size()));
  const auto last = number.digits.find_last_not_of('0');
  const auto kept = last == std::string::npos ? 0 : last + 1;
  number.exponent += static_cast<std::int64_t>(number.digits.size() - kept);
  number.digits.resize(kept);
  return number.digits.empty() ? Decimal{} : number;
}

}  // namespace opi::delivery
