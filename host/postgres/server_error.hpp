#pragma once
#include <libpq-fe.h>

#include <string>
#include <string_view>

namespace opi::postgres {

// What the server reported, in words that are safe to log: SQLSTATE, constraint, and the primary message
// unless its class can quote data. Never DETAIL, HINT or CONTEXT.
std::string safe_message(const PGresult* result, std::string_view what);

// Throws StoreUnavailable for passing conditions, StoreRefused for the rest.
[[noreturn]] void raise_server_error(const PGresult* result, std::string_view what);

// The first line of a connection's error, for connection failures: it names host and user, never a password.
std::string first_line(const char* message);

}  // namespace opi::postgres
