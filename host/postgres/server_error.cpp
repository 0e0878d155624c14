#include "postgres/server_error.hpp"

#include <algorithm>
#include <array>

#include "domain/store_errors.hpp"

namespace opi::postgres {
namespace {

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view{} : std::string_view{text};
}

// Classes (appendix A of the manual) in which nothing was changed and a later try may succeed: connection,
// rollback by the server (deadlock, serialization), resources, limits (among them the stop before transaction ids run
// out), locks, operator intervention, system error.
constexpr std::array<std::string_view, 7> passing_classes{"08", "40", "53", "54", "55", "57", "58"};

// Beside class 08 (connection): read-only transaction, the three shutdowns; a prepared statement that is not there, or
// is there already.
constexpr std::array<std::string_view, 6> session_ends{"25006", "57P01", "57P02", "57P03", "26000", "42P05"};

constexpr std::size_t message_length = 512;

}  // namespace

std::string safe_message(const PGresult* result, std::string_view what) {
  const auto state = field(result, PG_DIAG_SQLSTATE);
  std::string text = "postgresql: " + std::string{what} + ": SQLSTATE " + std::string{state};
  if (const auto constraint = field(result, PG_DIAG_CONSTRAINT_NAME); !constraint.empty())
    text.append(", constraint ").append(constraint);
  // Class 22 (data exception) quotes the value.
  if (!state.starts_with("22")) text.append(": ").append(field(result, PG_DIAG_MESSAGE_PRIMARY));
  return text;
}

void raise_server_error(const PGresult* result, std::string_view what) {
  const auto state = field(result, PG_DIAG_SQLSTATE);
  const bool passing = state.empty() || ends_session(result) ||
                       std::ranges::any_of(passing_classes, [&](auto prefix) { return state.starts_with(prefix); });
  if (passing) throw StoreUnavailable(safe_message(result, what));
  throw StoreRefused(safe_message(result, what));
}

bool ends_session(const PGresult* result) {
  const auto state = field(result, PG_DIAG_SQLSTATE);
  return state.starts_with("08") || std::ranges::find(session_ends, state) != session_ends.end();
}

std::string one_line(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  std::string text;
  for (const char c : message.substr(0, message_length)) text += c == '\n' ? ' ' : c;
  return text;
}

}  // namespace opi::postgres
