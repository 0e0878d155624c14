#include "filtering/number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>

namespace opi::filtering {
namespace {

namespace json = boost::json;

// Whether a number that no double is near to is large rather than small: by the power of ten of its first digit.
bool is_beyond(std::string_view text) {
  const auto at = std::min(text.find_first_of("eE"), text.size());
  const auto mantissa = text.substr(0, at);
  const auto first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  auto exponent = text.substr(std::min(at + 1, text.size()));
  const bool negative = exponent.starts_with('-');
  if (negative || exponent.starts_with('+')) exponent.remove_prefix(1);
  std::int64_t power = 0;
  for (const char digit : exponent) power = std::min<std::int64_t>(power * 10 + (digit - '0'), 1'000'000'000'000);
  return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + (negative ? -power : power) > 0;
}

template <class Integer>
std::optional<json::value> whole(std::string_view text) {
  Integer value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc{} && end == text.data() + text.size() ? std::optional{json::value(value)} : std::nullopt;
}

template <class Integer>
std::weak_ordering compare(Integer whole, double number) {
  constexpr double beyond = std::is_signed_v<Integer> ? 0x1p63 : 0x1p64;
  constexpr double lowest = std::is_signed_v<Integer> ? -0x1p63 : 0.0;
  if (number >= beyond) return std::weak_ordering::less;
  if (number < lowest) return std::weak_ordering::greater;
  const double floor = std::floor(number);
  const auto below = static_cast<Integer>(floor);
  if (whole != below) return whole < below ? std::weak_ordering::less : std::weak_ordering::greater;
  return number > floor ? std::weak_ordering::less : std::weak_ordering::equivalent;
}

std::weak_ordering compare(std::int64_t left, std::uint64_t right) {
  if (left < 0) return std::weak_ordering::less;
  return static_cast<std::uint64_t>(left) <=> right;
}

std::weak_ordering compare(std::uint64_t left, std::int64_t right) { return 0 <=> compare(right, left); }

std::weak_ordering compare(double left, double right) {
  if (left < right) return std::weak_ordering::less;
  return left > right ? std::weak_ordering::greater : std::weak_ordering::equivalent;  // there is no NaN in JSON
}

template <class Integer>
std::weak_ordering compare(double left, Integer right) {
  return 0 <=> compare(right, left);
}

template <class Value>
std::weak_ordering compare(Value left, Value right) {
  return left <=> right;
}

template <class Visit>
std::weak_ordering with_number(const json::value& number, Visit visit) {
  if (const auto* value = number.if_int64()) return visit(*value);
  if (const auto* value = number.if_uint64()) return visit(*value);
  return visit(number.get_double());
}

}  // namespace

double nearest_double(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc{}) return value;
  const double size = is_beyond(text) ? std::numeric_limits<double>::infinity() : 0.0;
  return text.starts_with('-') ? -size : size;
}

json::value number_of(std::string_view text) {
  if (text.find_first_of(".eE") == std::string_view::npos) {
    if (const auto value = whole<std::int64_t>(text)) return *value;
    if (const auto value = whole<std::uint64_t>(text)) return *value;
  }
  return nearest_double(text);
}

std::weak_ordering compare_numbers(const json::value& left, const json::value& right) {
  return with_number(left, [&](auto first) {
    return with_number(right, [&](auto second) -> std::weak_ordering { return compare(first, second); });
  });
}

}  // namespace opi::filtering
