#include "sqlite/sqlite_vitals.hpp"

#include <sys/stat.h>

#include "sqlite/query.hpp"
#include "sqlite/schema.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement read_made{"read_schema_made",
                              "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'"};

constexpr Statement read_schema{"read_schema_names", "SELECT number, name FROM schema_migrations ORDER BY number"};

bool has_schema(Connection& connection) {
  Query rows{connection, read_made};
  return rows.step() && rows.int4(0) > 0;
}

}  // namespace

Vitals look(const std::string& file) {
  Vitals vitals;
  vitals.version = sqlite3_libversion();
  vitals.known_schema = static_cast<int>(known_migrations().size());
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return vitals;  // opening it would make it
  SqliteOptions options;
  options.path = file;
  Connection connection(options, Connection::Kind::reader);
  if (!has_schema(connection)) return vitals;
  std::vector<delivery::AppliedMigration> applied;
  Query rows{connection, read_schema};
  while (rows.step()) applied.push_back({rows.int4(0), rows.string(1), {}});
  vitals.schema = applied.empty() ? 0 : applied.back().number;
  vitals.served = delivery::serves(vitals.known_schema, applied);
  return vitals;
}

}  // namespace opi::sqlite
