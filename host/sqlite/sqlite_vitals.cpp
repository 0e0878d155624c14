#include "sqlite/sqlite_vitals.hpp"

#include <sys/stat.h>

#include "sqlite/query.hpp"
#include "sqlite/schema.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement read_made{"read_schema_made",
                              "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'"};

constexpr Statement read_schema{"read_schema_number", "SELECT coalesce(max(number), 0) FROM schema_migrations"};

int number_of(Connection& connection, const Statement& statement) {
  Query rows{connection, statement};
  return rows.step() ? rows.int4(0) : 0;
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
  if (number_of(connection, read_made) > 0) vitals.schema = number_of(connection, read_schema);
  return vitals;
}

}  // namespace opi::sqlite
