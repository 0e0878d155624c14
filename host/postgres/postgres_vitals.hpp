#pragma once
#include <chrono>
#include <cstdint>
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
  std::string ballast;             // what the outbox drags along; empty without a schema
  std::vector<Weakness> ballasts;  // who keeps vacuum from its work, or that it does not come to it
};

// What vacuum leaves behind at this many dead rows costs every look for due deliveries.
inline constexpr std::int64_t many_dead_rows = 200'000;

// Looks over one connection of its own, and changes nothing. A snapshot is held for too long after the patience.
// Throws StoreUnavailable, std::invalid_argument.
Vitals look(const PostgresOptions& options, std::chrono::seconds patience = std::chrono::minutes{10},
            std::int64_t too_many_dead = many_dead_rows);

}  // namespace opi::postgres
