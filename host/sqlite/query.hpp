#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/clock.hpp"
#include "domain/uuid.hpp"
#include "sqlite/connection.hpp"

namespace opi::sqlite {

inline std::int64_t unix_micros(UnixTime time) { return std::chrono::microseconds{time.time_since_epoch()}.count(); }

// One execution of a compiled statement: parameters in order, then step(). Values are copied when they are
// given; columns are read by position and are valid until the next step().
class Query {
 public:
  Query(Connection& connection, const Statement& statement)
      : connection_(connection), name_(statement.name), native_(connection.compiled(statement)) {}
  ~Query() {
    sqlite3_reset(native_);
    sqlite3_clear_bindings(native_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& text(std::string_view value);
  Query& blob(std::span<const std::uint8_t> value);
  Query& uuid(const Uuid& value) { return blob(value.bytes); }
  Query& integer(std::int64_t value);
  Query& real(double value);
  Query& null();
  Query& time(UnixTime value) { return integer(value.time_since_epoch().count()); }
  Query& optional_text(std::optional<std::string_view> value) { return value ? text(*value) : null(); }
  Query& optional_uuid(const std::optional<Uuid>& value) { return value ? uuid(*value) : null(); }
  Query& optional_integer(std::optional<std::int64_t> value) { return value ? integer(*value) : null(); }
  Query& optional_time(std::optional<UnixTime> value) { return value ? time(*value) : null(); }

  // True if there is a row.
  bool step();
  // For statements without rows; the number of rows that were changed.
  std::int64_t run();
  // run(), then ready for the parameters of the next execution.
  std::int64_t run_again();

  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(native_, column) == SQLITE_NULL; }
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::string string(int column) const { return std::string{view(column)}; }
  [[nodiscard]] Uuid uuid_at(int column) const;
  [[nodiscard]] std::array<std::uint8_t, 32> bytes32(int column) const;
  [[nodiscard]] std::int64_t int8(int column) const { return sqlite3_column_int64(native_, column); }
  [[nodiscard]] int int4(int column) const { return sqlite3_column_int(native_, column); }
  [[nodiscard]] double float8(int column) const { return sqlite3_column_double(native_, column); }
  [[nodiscard]] UnixTime time_at(int column) const { return UnixTime{std::chrono::milliseconds{int8(column)}}; }
  [[nodiscard]] std::optional<UnixTime> optional_time_at(int column) const;

 private:
  void check(int code) const {
    if (code != SQLITE_OK) connection_.raise(code, name_);
  }
  [[nodiscard]] const void* fixed(int column, int bytes) const;
  Connection& connection_;
  const char* name_;
  sqlite3_stmt* native_;
  int bound_ = 0;
};

}  // namespace opi::sqlite
