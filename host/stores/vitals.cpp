#include "stores/vitals.hpp"

#include "postgres/postgres_vitals.hpp"
#include "sqlite/sqlite_vitals.hpp"

namespace opi::stores {

Vitals look(const configuration::Configuration& configuration) {
  if (configuration.store_engine == configuration::StoreEngine::postgres) {
    postgres::PostgresOptions options;
    options.connection = configuration.postgres_connection;
    const auto found = postgres::look(options);
    Vitals vitals{"PostgreSQL " + found.version,
                  found.schema,
                  found.known_schema,
                  found.served,
                  found.clock,
                  found.path,
                  found.unconfirmed,
                  {}};
    for (const auto& one : found.weaknesses) vitals.weaknesses.push_back({one.grave, one.message, one.remedy});
    vitals.ballast = found.ballast;
    for (const auto& one : found.ballasts) vitals.ballasts.push_back({one.grave, one.message, one.remedy});
    return vitals;
  }
  const auto file = configuration.sqlite_file();
  const auto found = sqlite::look(file);
  return {"SQLite " + found.version, found.schema, found.known_schema, found.served, std::nullopt, {}, {}, {}};
}

}  // namespace opi::stores
