#pragma once
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// One numbered .sql file, as it was compiled into the program.
struct SchemaMigration {
  int number;  // counts from 1 without gaps
  std::string_view name;
  std::string_view sql;

  // SHA-256 of the text, in hex.
  [[nodiscard]] std::string checksum() const { return crypto::to_hex(crypto::sha256(sql)); }
};

// What a database says it has run.
struct AppliedMigration {
  int number;
  std::string checksum;
};

// The part of `known` that a database with `applied` still needs, in order. Throws SchemaRefused if the
// database is newer than the program or has run another text under the same number. Pure.
inline std::span<const SchemaMigration> pending_migrations(std::span<const SchemaMigration> known,
                                                           std::vector<AppliedMigration> applied) {
  std::ranges::sort(applied, {}, &AppliedMigration::number);
  const auto named = [](int number) { return "migration " + std::to_string(number); };
  if (!applied.empty() && applied.back().number > static_cast<int>(known.size()))
    throw SchemaRefused("the database is at schema " + named(applied.back().number) + ", this program knows up to " +
                        std::to_string(known.size()) + ": run a newer program, or restore the older database");
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (applied[i].number != static_cast<int>(i) + 1)
      throw SchemaRefused("the database lacks " + named(static_cast<int>(i) + 1) + " but has run a later one");
    if (applied[i].checksum != known[i].checksum())
      throw SchemaRefused(named(applied[i].number) + " (" + std::string{known[i].name} +
                          ") differs from the text that the database has run");
  }
  return known.subspan(applied.size());
}

}  // namespace opi::delivery
