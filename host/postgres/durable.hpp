#pragma once

// What a commit that writes is for, where there is nothing to write: once it has returned, everything that was
// committed before it, by whomever, has reached what synchronous_commit asks for, a synchronous standby included. A row
// that is read proves less: it is visible to others as soon as the server has stopped waiting for the standby.
namespace opi::postgres {

// A record in the log of the server that nothing reads. Every login may write it.
inline constexpr const char* write_marker = "SELECT pg_catalog.pg_logical_emit_message(true, 'opi', '')";

}  // namespace opi::postgres
