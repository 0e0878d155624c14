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

// Whether the session must not be used again after this error: its server is going, was never to be written to (a
// standby), or is not the one that knew the session's statements (a pooler has changed it).
bool ends_session(const PGresult* result);

// A connection's error, for connection failures: it names hosts and user, never a password.
std::string one_line(std::string_view message);

}  // namespace opi::postgres
