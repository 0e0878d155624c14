#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

// PostgreSQL's binary forms: integers in network byte order, times as microseconds since 2000-01-01 UTC.
namespace opi::postgres::wire {

inline constexpr std::int64_t epoch_offset_micros = 946'684'800'000'000;  // from 1970 to 2000

template <class Int>
constexpr Int swapped(Int value) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof(Int) == 2) return static_cast<Int>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof(Int) == 4) return static_cast<Int>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof(Int) == 8) return static_cast<Int>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

template <class Int>
void append(std::string& to, Int value) {
  const Int network = swapped(value);
  to.append(reinterpret_cast<const char*>(&network), sizeof network);
}

template <class Int>
Int read(const char* from) {
  Int network;
  std::memcpy(&network, from, sizeof network);
  return swapped(network);
}

// INT64_MIN and INT64_MAX stand for the infinities on both sides; what would fall below the former becomes it.
constexpr std::int64_t from_unix_micros(std::int64_t micros) {
  if (micros == INT64_MAX) return micros;
  return micros < INT64_MIN + epoch_offset_micros ? INT64_MIN : micros - epoch_offset_micros;
}
constexpr std::int64_t to_unix_micros(std::int64_t micros) {
  return micros == INT64_MIN || micros == INT64_MAX ? micros : micros + epoch_offset_micros;
}

}  // namespace opi::postgres::wire
