#include "postgres/postgres_vitals.hpp"

#include "postgres/connection.hpp"
#include "postgres/postgres_database.hpp"
#include "postgres/schema.hpp"

namespace opi::postgres {
namespace {

constexpr Statement read_server{"read_server", R"(
  SELECT current_setting('server_version'), (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
         to_regclass('schema_migrations') IS NOT NULL)"};

constexpr Statement read_schema{"read_schema_number", "SELECT coalesce(max(number), 0)::int FROM schema_migrations"};

}  // namespace

Vitals look(const PostgresOptions& options) {
  Connection connection(plain_settings(options, options.statement_timeout));
  connection.ensure_open();
  Vitals vitals;
  vitals.known_schema = static_cast<int>(known_migrations().size());
  const auto server = connection.execute(read_server);
  vitals.version = server.string(0, 0);
  vitals.clock = UnixTime{std::chrono::milliseconds{server.int8(0, 1)}};
  if (server.boolean(0, 2)) vitals.schema = connection.execute(read_schema).int4(0, 0);
  return vitals;
}

}  // namespace opi::postgres
