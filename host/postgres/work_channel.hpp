#pragma once

namespace opi::postgres {

inline constexpr const char* listen_for_work = "LISTEN integration_work";

// NOTIFY takes a cluster-wide lock until its transaction is durable: so it has a transaction of its own, after
// the writing one, and does not wait for the disk.
inline constexpr const char* announce_work =
    "BEGIN; SET LOCAL synchronous_commit = off; NOTIFY integration_work; COMMIT";

}  // namespace opi::postgres
