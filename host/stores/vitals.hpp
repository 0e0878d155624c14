#pragma once
#include <optional>
#include <string>
#include <vector>

#include "configuration/configuration.hpp"
#include "domain/clock.hpp"

namespace opi::stores {

// What an earlier version, a restored dump or a hand left open in the database.
struct Weakness {
  bool grave = false;  // somebody can use it by itself
  std::string message, remedy;
};

// What a look at the database tells.
struct Vitals {
  std::string engine;             // "PostgreSQL 15.14", "SQLite 3.40.1"
  std::optional<int> schema;      // the last migration that was run; nullopt: none was
  int known_schema = 0;           // the last one that this program has
  bool served = true;             // this program can work with it, or bring it there
  std::optional<UnixTime> clock;  // the database's own; nullopt if it is the node's
  std::string path{};             // what was found between this program and the server; empty: nothing to find
  std::string unconfirmed{};      // why commits wait for a synchronous standby; empty if none does
  std::vector<Weakness> weaknesses{};
  std::string ballast{};             // what the outbox drags along; empty: nothing to say
  std::vector<Weakness> ballasts{};  // why it is more than it should be
};

// Looks without changing anything, the schema included. Throws StoreUnavailable; std::invalid_argument for a connection
// string that cannot be used.
Vitals look(const configuration::Configuration& configuration);

}  // namespace opi::stores
