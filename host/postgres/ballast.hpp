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

// What the outbox drags along, and for how long the oldest snapshot of a session or a prepared transaction has been
// open.
delivery::Ballast weigh(Connection& connection);

// For how long replicas and slots have kept the same: of theirs the server tells which transaction they keep, and not
// since when, but that stands still for as long as it is kept. For one thread.
class KeptElsewhere {
 public:
  // Since it was seen for the first time; zero while what they keep goes on.
  std::chrono::milliseconds for_how_long(Connection& connection);

 private:
  std::string oldest_;                    // empty: nothing
  std::chrono::milliseconds seen_at_{0};  // by the server's clock
};

// Sessions of this database, and replicas, whose snapshots the login may not see.
int hidden_sessions(Connection& connection);

}  // namespace opi::postgres
