#pragma once
#include <algorithm>
#include <charconv>
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
  std::string name, checksum;
};

// The oldest program that a migration leaves able to work, by the last migration that it knows: what the name says
// behind
// ".from", such as 11 in "0012_labels.from11.sql". A name that says nothing leaves none that does not know the
// migration itself. Standing in the name, it is read by programs that were made before the migration.
inline int serves_from(const AppliedMigration& migration) {
  constexpr std::string_view mark = ".from", end = ".sql";
  const std::string_view name = migration.name;
  const auto at = name.find(mark);
  if (at == std::string_view::npos || !name.ends_with(end)) return migration.number;
  const char* last = name.data() + name.size() - end.size();
  int oldest = 0;
  const auto [read, failure] = std::from_chars(name.data() + at + mark.size(), last, oldest);
  return failure == std::errc{} && read == last ? oldest : migration.number;
}

// Whether a program that knows migrations up to `known` can work with a database that has run `applied`.
inline bool serves(int known, std::span<const AppliedMigration> applied) {
  return std::ranges::all_of(applied,
                             [known](const auto& one) { return one.number <= known || serves_from(one) <= known; });
}

// The part of `known` that a database with `applied` still needs, in order. Throws SchemaRefused if a newer program has
// made what this one cannot work with, or another text was run under the same number. Pure.
inline std::span<const SchemaMigration> pending_migrations(std::span<const SchemaMigration> known,
                                                           std::vector<AppliedMigration> applied) {
  std::ranges::sort(applied, {}, &AppliedMigration::number);
  const auto named = [](int number) { return "migration " + std::to_string(number); };
  if (!serves(static_cast<int>(known.size()), applied))
    throw SchemaRefused("the database is at schema " + named(applied.back().number) + ", this program knows up to " +
                        std::to_string(known.size()) + ": run a newer program, or restore the older database");
  for (std::size_t i = 0; i < std::min(applied.size(), known.size()); ++i) {
    if (applied[i].number != static_cast<int>(i) + 1)
      throw SchemaRefused("the database lacks " + named(static_cast<int>(i) + 1) + " but has run a later one");
    if (applied[i].checksum != known[i].checksum())
      throw SchemaRefused(named(applied[i].number) + " (" + std::string{known[i].name} +
                          ") differs from the text that the database has run");
  }
  return known.subspan(std::min(applied.size(), known.size()));
}

}  // namespace opi::delivery
