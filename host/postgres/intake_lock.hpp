#pragma once

// Keeps a destination from being deleted between an event's routing and its storing: who stores deliveries holds the
// shared lock from before it reads the catalog's revision until its commit, and who deletes a destination waits for
// all of them, so that whoever comes later sees the new revision. The lock of a table that holds nothing: that of the
// outbox would also wait for claims, settlements and a vacuum, and an advisory lock is open to every login of the
// database.
namespace opi::postgres {

inline constexpr const char* begin_storing = "BEGIN; LOCK TABLE integration_intake_gate IN ROW EXCLUSIVE MODE";
inline constexpr const char* lock_out_intake = "LOCK TABLE integration_intake_gate IN SHARE MODE";

}  // namespace opi::postgres
