#include "sqlite/query.hpp"

#include <cstring>
#include <stdexcept>

namespace opi::sqlite {

Query& Query::text(std::string_view value) {
  // A null pointer would bind NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  check(sqlite3_bind_text64(native_, ++bound_, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Query& Query::blob(std::span<const std::uint8_t> value) {
  // A null pointer would bind NULL.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  check(sqlite3_bind_blob64(native_, ++bound_, data, value.size(), SQLITE_TRANSIENT));
  return *this;
}

Query& Query::integer(std::int64_t value) {
  check(sqlite3_bind_int64(native_, ++bound_, value));
  return *this;
}

Query& Query::real(double value) {
  check(sqlite3_bind_double(native_, ++bound_, value));
  return *this;
}

Query& Query::null() {
  check(sqlite3_bind_null(native_, ++bound_));
  return *this;
}

bool Query::step() {
  const int code = sqlite3_step(native_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_.raise(code, name_);
  return false;
}

std::int64_t Query::run() {
  step();
  return connection_.changes();
}

std::int64_t Query::run_again() {
  const auto changed = run();
  sqlite3_reset(native_);
  bound_ = 0;
  return changed;
}

std::string_view Query::view(int column) const {
  const void* data = sqlite3_column_blob(native_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(native_, column));
  return data == nullptr ? std::string_view{} : std::string_view{static_cast<const char*>(data), size};
}

const void* Query::fixed(int column, int bytes) const {
  const void* data = sqlite3_column_blob(native_, column);
  if (sqlite3_column_bytes(native_, column) != bytes)
    throw std::logic_error("column " + std::to_string(column) + " is not " + std::to_string(bytes) + " bytes wide");
  return data;
}

Uuid Query::uuid_at(int column) const {
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), fixed(column, 16), 16);
  return uuid;
}

std::array<std::uint8_t, 32> Query::bytes32(int column) const {
  std::array<std::uint8_t, 32> bytes;
  std::memcpy(bytes.data(), fixed(column, 32), 32);
  return bytes;
}

std::optional<UnixTime> Query::optional_time_at(int column) const {
  if (is_null(column)) return std::nullopt;
  return time_at(column);
}

}  // namespace opi::sqlite
