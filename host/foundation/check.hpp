#pragma once
#include <initializer_list>
#include <type_traits>

namespace opi {

struct CheckedValue {
  const char* name;
  long long value;
};

// Numbers, flags and enumerators alone: a text could be somebody's secret.
template <class Value>
constexpr CheckedValue checked_value(const char* name, Value value) {
  static_assert(std::is_arithmetic_v<Value> || std::is_enum_v<Value>, "an assertion tells numbers alone");
  return {name, static_cast<long long>(value)};
}

// Writes one JSON line with place, condition and values to standard error, and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::initializer_list<CheckedValue> values) noexcept;

}  // namespace opi

// What is true unless the program is wrong; it stays on in every build, for going on would do damage. Up to three
// numbers tell how it was: OPI_CHECK(busy <= limit, busy, limit). What a user, a store or a receiver can make false is
// an error.
#define OPI_CHECK(condition, ...) \
  (static_cast<bool>(condition)   \
       ? static_cast<void>(0)     \
       : ::opi::check_failed(__FILE__, __LINE__, #condition, {OPI_CHECKED_VALUES(__VA_ARGS__)}))
#define OPI_CHECKED_VALUES(...) \
  __VA_OPT__(OPI_CHECKED_PICK(__VA_ARGS__, OPI_CHECKED_3, OPI_CHECKED_2, OPI_CHECKED_1)(__VA_ARGS__))
#define OPI_CHECKED_PICK(a, b, c, chosen, ...) chosen
#define OPI_CHECKED_1(a) ::opi::checked_value(#a, a)
#define OPI_CHECKED_2(a, b) OPI_CHECKED_1(a), OPI_CHECKED_1(b)
#define OPI_CHECKED_3(a, b, c) OPI_CHECKED_2(a, b), OPI_CHECKED_1(c)
