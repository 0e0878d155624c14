#pragma once
#include <optional>
#include <string>

#include "domain/clock.hpp"
#include "postgres/options.hpp"

namespace opi::postgres {

struct Vitals {
  std::string version;  // the server's
  std::optional<int> schema;
  int known_schema = 0;
  UnixTime clock{};
};

// Looks over one connection of its own, and changes nothing. Throws StoreUnavailable, std::invalid_argument.
Vitals look(const PostgresOptions& options);

}  // namespace opi::postgres
