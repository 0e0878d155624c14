#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delivery/store_watch.hpp"
#include "postgres/connection.hpp"

namespace opi::postgres {

// Who keeps vacuum from removing what has ended: a snapshot that nobody lets go.
struct SnapshotHolder {
  std::string who;                            // as a person would look for it
  std::optional<std::chrono::seconds> since;  // nullopt: the server does not say
  std::int64_t transactions = 0;              // that others have begun meanwhile
  std::string remedy;
};

// Those that are at least so old by the clock or, where there is none, by a hundred thousand transactions; the oldest
// first.
std::vector<SnapshotHolder> snapshot_holders(Connection& connection, std::chrono::seconds patience);

// What the outbox drags along, and for how long its oldest snapshot has been open.
delivery::Ballast weigh(Connection& connection);

// Sessions of this database whose snapshots the login may not see.
int hidden_sessions(Connection& connection);

}  // namespace opi::postgres
