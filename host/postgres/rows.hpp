#pragma once
#include <libpq-fe.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clock.hpp"
#include "domain/uuid.hpp"

namespace opi::postgres {

// The rows of one statement, in binary form. Columns are read by position and must have the type that the
// reader names; a mismatch is a defect and throws std::logic_error.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result) {}

  [[nodiscard]] int size() const { return PQntuples(result_.get()); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  // Rows that an INSERT, UPDATE or DELETE without RETURNING changed.
  [[nodiscard]] std::int64_t affected() const;
  [[nodiscard]] std::string_view command_tag() const { return PQcmdStatus(result_.get()); }

  [[nodiscard]] bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  [[nodiscard]] std::string_view text(int row, int column) const;  // valid while the Rows live
  [[nodiscard]] std::string string(int row, int column) const { return std::string{text(row, column)}; }
  [[nodiscard]] Uuid uuid(int row, int column) const;
  [[nodiscard]] std::array<std::uint8_t, 32> bytes32(int row, int column) const;
  [[nodiscard]] std::int32_t int4(int row, int column) const;
  [[nodiscard]] std::int64_t int8(int row, int column) const;
  [[nodiscard]] double float8(int row, int column) const;
  [[nodiscard]] bool boolean(int row, int column) const;
  [[nodiscard]] std::int64_t unix_micros(int row, int column) const;
  [[nodiscard]] UnixTime time(int row, int column) const;  // rounded down to milliseconds
  [[nodiscard]] std::optional<UnixTime> optional_time(int row, int column) const;
  [[nodiscard]] std::vector<std::string> text_array(int row, int column) const;
  [[nodiscard]] std::vector<int> int4_array(int row, int column) const;

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  [[nodiscard]] const char* fixed(int row, int column, int bytes) const;
  std::unique_ptr<PGresult, Clear> result_;
};

}  // namespace opi::postgres
