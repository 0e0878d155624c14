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

// Of a database without our schema there is nothing to say.
constexpr Statement find_weaknesses{"find_weaknesses", R"(
  WITH ours AS (
    SELECT p.* FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'opi' OR (n.nspname = 'public' AND p.proname = 'refuse_audit_change')
  )
  SELECT true, 'the function ' || p.oid::regprocedure || ' takes what its caller made for its session for ours',
         'start the daemon or run integrationsctl migrate, which mends it; else ALTER FUNCTION '
           || p.oid::regprocedure || ' SET search_path = pg_catalog, pg_temp'
  FROM ours p WHERE NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']
  UNION ALL
  SELECT true, 'every login may execute ' || p.oid::regprocedure,
         'REVOKE ALL ON FUNCTION ' || p.oid::regprocedure || ' FROM PUBLIC'
  FROM ours p WHERE EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
  UNION ALL
  SELECT true, 'the role ' || r.rolname || ' passes row-level security by', 'ALTER ROLE ' || r.rolname || ' NOSUPERUSER NOBYPASSRLS'
  FROM pg_roles r
  WHERE r.rolname IN ('opi_worker', 'opi_api', 'opi_producer') AND (r.rolsuper OR r.rolbypassrls)
    AND EXISTS (SELECT FROM ours)
  UNION ALL
  SELECT false, 'every login may make temporary tables in this database',
         format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC, as its owner', d.datname)
  FROM pg_database d
  WHERE d.datname = current_database() AND EXISTS (SELECT FROM ours)
    AND EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                WHERE a.grantee = 0 AND a.privilege_type = 'TEMPORARY'))"};

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
  const auto weak = connection.execute(find_weaknesses);
  for (int i = 0; i < weak.size(); ++i)
    vitals.weaknesses.push_back({weak.boolean(i, 0), weak.string(i, 1), weak.string(i, 2)});
  return vitals;
}

}  // namespace opi::postgres
