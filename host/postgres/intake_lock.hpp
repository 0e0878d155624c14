#pragma once

// Keeps a destination from being deleted between an event's routing and its storing: who stores deliveries holds the
// shared lock from before it reads the catalog's revision until its commit, and who deletes a destination waits for
// all of them, so that whoever comes later sees the new revision. An advisory lock, because a lock of the outbox
// itself would also wait for claims, settlements and a vacuum.
namespace opi::postgres {

inline constexpr const char* begin_storing = "BEGIN; SELECT pg_advisory_xact_lock_shared(7305809801)";
inline constexpr const char* lock_out_intake = "SELECT pg_advisory_xact_lock(7305809801)";

}  // namespace opi::postgres
