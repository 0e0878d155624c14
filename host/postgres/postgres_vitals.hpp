#pragma once
#include <optional>
#include <string>
#include <vector>

#include "domain/clock.hpp"
#include "postgres/options.hpp"

namespace opi::postgres {

// What an earlier version, a restored dump or a hand left open in the database.
struct Weakness {
  bool grave = false;   // somebody can use it by itself
  std::string message;  // what it is
  std::string remedy;
};

struct Vitals {
  std::string version;  // the server's
  std::optional<int> schema;
  int known_schema = 0;
  bool served = true;  // this program can work with the schema, or bring it there
  UnixTime clock{};
  std::string path;         // what was found between this program and the server
  std::string unconfirmed;  // why commits wait for a synchronous standby; empty if none does
  std::vector<Weakness> weaknesses;
};

// Looks over one connection of its own, and changes nothing. Throws StoreUnavailable, std::invalid_argument.
Vitals look(const PostgresOptions& options);

}  // namespace opi::postgres
