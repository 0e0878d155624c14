#include "postgres/rows.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "postgres/wire.hpp"

namespace opi::postgres {
namespace {

// Calls `take(bytes)` for each element of a one-dimensional array without nulls.
template <class Take>
void for_each_element(std::string_view array, Take take) {
  const auto require = [&](std::size_t bytes) {
    if (array.size() < bytes) throw std::logic_error("a column is not an array");
  };
  require(12);
  if (wire::read<std::int32_t>(array.data()) == 0) return;
  require(20);
  const auto count = wire::read<std::int32_t>(array.data() + 12);
  array.remove_prefix(20);
  for (std::int32_t i = 0; i < count; ++i) {
    require(4);
    const auto length = wire::read<std::int32_t>(array.data());
    array.remove_prefix(4);
    if (length < 0) throw std::logic_error("an array column holds NULL");
    require(static_cast<std::size_t>(length));
    take(array.substr(0, static_cast<std::size_t>(length)));
    array.remove_prefix(static_cast<std::size_t>(length));
  }
}

}  // namespace

std::int64_t Rows::affected() const {
  const std::string_view digits = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

const char* Rows::fixed(int row, int column, int bytes) const {
  if (PQgetlength(result_.get(), row, column) != bytes)
    throw std::logic_error("column " + std::to_string(column) + " is not " + std::to_string(bytes) + " bytes wide");
  return PQgetvalue(result_.get(), row, column);
}

Uuid Rows::uuid(int row, int column) const {
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), fixed(row, column, 16), 16);
  return uuid;
}

std::array<std::uint8_t, 32> Rows::bytes32(int row, int column) const {
  std::array<std::uint8_t, 32> bytes;
  std::memcpy(bytes.data(), fixed(row, column, 32), 32);
  return bytes;
}

std::int32_t Rows::int4(int row, int column) const { return wire::read<std::int32_t>(fixed(row, column, 4)); }
std::int64_t Rows::int8(int row, int column) const { return wire::read<std::int64_t>(fixed(row, column, 8)); }
double Rows::float8(int row, int column) const { return std::bit_cast<double>(int8(row, column)); }
bool Rows::boolean(int row, int column) const { return *fixed(row, column, 1) != 0; }
std::int64_t Rows::unix_micros(int row, int column) const { return wire::to_unix_micros(int8(row, column)); }

UnixTime Rows::time(int row, int column) const {
  return std::chrono::floor<std::chrono::milliseconds>(
      std::chrono::sys_time<std::chrono::microseconds>{std::chrono::microseconds{unix_micros(row, column)}});
}

std::optional<UnixTime> Rows::optional_time(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return time(row, column);
}

std::vector<std::string> Rows::text_array(int row, int column) const {
  std::vector<std::string> texts;
  for_each_element(text(row, column), [&](std::string_view bytes) { texts.emplace_back(bytes); });
  return texts;
}

std::vector<int> Rows::int4_array(int row, int column) const {
  std::vector<int> numbers;
  for_each_element(text(row, column), [&](std::string_view bytes) {
    if (bytes.size() != 4) throw std::logic_error("an array column does not hold int4");
    numbers.push_back(wire::read<std::int32_t>(bytes.data()));
  });
  return numbers;
}

}  // namespace opi::postgres
