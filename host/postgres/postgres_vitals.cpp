#include "postgres/postgres_vitals.hpp"

#include "postgres/ballast.hpp"
#include "postgres/connection.hpp"
#include "postgres/postgres_database.hpp"
#include "postgres/schema.hpp"

namespace opi::postgres {
namespace {

constexpr Statement read_server{"read_server", R"(
  SELECT current_setting('server_version'), (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
         to_regclass('schema_migrations') IS NOT NULL)"};

constexpr Statement read_schema{"read_schema_names", "SELECT number, name FROM schema_migrations ORDER BY number"};

// Of a unix socket there is no address. Behind one that is not ours an address is translated, or a proxy answers.
constexpr Statement read_address{"read_address", R"(
  SELECT coalesce(host(inet_server_addr()), ''), coalesce(inet_server_port(), 0)::int)"};

// No row where no commit waits for a standby. What a standby is to the server is told to roles of pg_read_all_stats
// alone: to others it is null. A commit waits for some milliseconds at any time; one that does for seconds is stuck.
constexpr Statement find_standbys{"find_standbys", R"(
  SELECT current_setting('synchronous_standby_names'),
         (SELECT count(*) FROM pg_stat_replication r WHERE coalesce(r.sync_state IN ('sync', 'quorum'), true))::int,
         (SELECT count(*) FROM pg_stat_activity a
          WHERE a.wait_event = 'SyncRep' AND a.query_start < clock_timestamp() - interval '5 seconds')::int
  WHERE current_setting('synchronous_standby_names') <> ''
    AND current_setting('synchronous_commit') NOT IN ('off', 'local'))"};

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

// What somebody opened by hand, or what a dump that was restored in parts has left out.
constexpr Statement find_openings{"find_openings", R"(
  WITH us AS (SELECT c.relowner AS owner FROM pg_class c WHERE c.oid = to_regclass('public.schema_migrations')),
  tables AS (SELECT c.* FROM pg_class c JOIN us ON c.relowner = us.owner
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v'))
  SELECT 'row-level security of ' || c.relname || ' is off or not forced',
         format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', c.relname)
  FROM tables c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
  WHERE c.relkind <> 'v' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
  UNION ALL
  SELECT 'the policy ' || p.policyname || ' of ' || p.tablename || ' is not one of ours',
         format('DROP POLICY %I ON public.%I', p.policyname, p.tablename)
  FROM pg_policies p JOIN tables c ON c.relname = p.tablename
  WHERE p.schemaname = 'public'
    AND (p.policyname, p.roles::text) NOT IN (('worker', '{opi_worker}'), ('tenant', '{opi_api}'))
    AND NOT (p.policyname = 'owner' AND p.roles[1] = (SELECT pg_get_userbyid(owner) FROM us))
  UNION ALL
  SELECT 'the guard ' || w.trigger || ' of ' || w.of || ' is missing or off',
         'bring it back from a dump of a database that is whole, and compare the audit trail with an earlier export'
  FROM (VALUES ('audit_log', 'audit_log_append_only'), ('audit_log', 'audit_log_no_truncate'),
               ('audit_chain_heads', 'audit_chain_heads_forward'),
               ('audit_chain_heads', 'audit_chain_heads_no_truncate')) AS w (of, trigger)
  WHERE EXISTS (SELECT FROM us)
    AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = to_regclass('public.' || w.of) AND t.tgname = w.trigger
                                               AND t.tgenabled IN ('O', 'A'))
  UNION ALL
  SELECT 'the function ' || p.oid::regprocedure || ' runs as ' || pg_get_userbyid(p.proowner) || ', not as opi_worker',
         'ALTER FUNCTION ' || p.oid::regprocedure || ' OWNER TO opi_worker'
  FROM pg_proc p WHERE p.pronamespace = to_regnamespace('opi') AND p.prosecdef AND p.proowner <> to_regrole('opi_worker')
  UNION ALL
  SELECT pg_get_userbyid(m.member) || ' is a member of ' || pg_get_userbyid(m.roleid),
         format('REVOKE %I FROM %I', pg_get_userbyid(m.roleid), pg_get_userbyid(m.member))
  FROM pg_auth_members m
  WHERE EXISTS (SELECT FROM us) AND m.member IN (to_regrole('opi_worker'), to_regrole('opi_api'), to_regrole('opi_producer'))
  UNION ALL
  SELECT 'what ' || pg_get_userbyid(d.defaclrole) || ' makes later is open to others by its default privileges',
         'ALTER DEFAULT PRIVILEGES … REVOKE …; \ddp shows them'
  FROM pg_default_acl d JOIN us ON d.defaclrole = us.owner
  UNION ALL
  SELECT CASE a.grantee WHEN 0 THEN 'every login' ELSE pg_get_userbyid(a.grantee) END || ' has ' || a.privilege_type || ' on '
           || c.relname,
         format('REVOKE %s ON public.%I FROM %s', a.privilege_type, c.relname,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
  FROM tables c, LATERAL aclexplode(c.relacl) a
  WHERE a.grantee <> c.relowner
    AND (a.grantee NOT IN (to_regrole('opi_worker'), to_regrole('opi_api'))
         OR (c.relname = 'audit_log' AND a.privilege_type NOT IN ('SELECT', 'INSERT'))
         OR (c.relname = 'audit_chain_heads' AND a.privilege_type IN ('DELETE', 'TRUNCATE'))
         OR (c.relname IN ('api_tokens', 'sessions', 'tenants') AND a.grantee = to_regrole('opi_api')
             AND a.privilege_type <> 'SELECT')))"};

}  // namespace

namespace {

// What there is to say of the way to the server. A pooler that got here keeps a server for each session.
std::string path_of(Connection& connection) {
  if (connection.peer() == Peer::pooler)
    return "a pooler answers, such as PgBouncer or Pgpool-II; it keeps a server for each session, as it must";
  const auto there = connection.execute(read_address);
  const auto asked = connection.address();
  const std::string address = there.string(0, 0);
  if (address.empty() != asked.host.empty() ||
      (!address.empty() && (address != asked.host || there.int4(0, 1) != asked.port)))
    return "a proxy, such as Pgpool-II or HAProxy, or a translation of addresses is in between: " +
           (asked.host.empty() ? "a socket" : asked.host + " port " + std::to_string(asked.port)) +
           " leads to a server that calls itself " +
           (address.empty() ? "a socket" : address + " port " + std::to_string(there.int4(0, 1)));
  return "the server itself answers";
}

// Why nothing that is committed is confirmed, or some of it is not.
std::string unconfirmed_by(Connection& connection) {
  const auto found = connection.execute(find_standbys);
  if (found.size() == 0) return {};
  const int standbys = found.int4(0, 1), stuck = found.int4(0, 2);
  if (standbys > 0 && stuck == 0) return {};
  return "synchronous_standby_names is '" + found.string(0, 0) + "', and " +
         (standbys == 0 ? "no standby is there to confirm a commit" : "too few standbys confirm a commit") +
         ": nothing can be stored; " + std::to_string(stuck) + " sessions have waited for it for seconds";
}

std::string span_of(std::chrono::seconds span) {
  using namespace std::chrono;
  if (span >= hours{48}) return std::to_string(duration_cast<days>(span).count()) + " days";
  if (span >= hours{2}) return std::to_string(duration_cast<hours>(span).count()) + " hours";
  if (span >= minutes{2}) return std::to_string(duration_cast<minutes>(span).count()) + " minutes";
  return std::to_string(span.count()) + " seconds";
}

// Each held snapshot, and dead rows that are many for whatever reason.
void weigh_into(Vitals& vitals, Connection& connection, std::chrono::seconds patience, std::int64_t too_many_dead) {
  const auto ballast = weigh(connection);
  const auto all = ballast.live_rows + ballast.dead_rows;
  const auto share = all == 0 ? 0 : ballast.dead_rows * 100 / all;
  vitals.ballast = "the outbox has about " + std::to_string(ballast.live_rows) + " rows, and " +
                   std::to_string(ballast.dead_rows) + " dead ones (" + std::to_string(share) + " %)";
  const auto holders = snapshot_holders(connection, patience);
  for (const auto& holder : holders)
    vitals.ballasts.push_back(
        {false,
         "vacuum removes nothing that ended in the last " +
             (holder.since ? span_of(*holder.since) : std::to_string(holder.transactions) + " transactions") + ": " +
             holder.who,
         holder.remedy});
  if (ballast.dead_rows < too_many_dead) return;
  std::string remedy = holders.empty() ? "see that autovacuum runs, or VACUUM integration_outbox"
                                       : "once they are let go, autovacuum removes them";
  if (const int hidden = hidden_sessions(connection); holders.empty() && hidden > 0)
    remedy += "; " + std::to_string(hidden) +
              " sessions of other logins may hold them, which this one sees after GRANT pg_read_all_stats";
  vitals.ballasts.push_back({false, vitals.ballast, remedy});
}

}  // namespace

Vitals look(const PostgresOptions& options, std::chrono::seconds patience, std::int64_t too_many_dead) {
  Connection connection(plain_settings(options, options.statement_timeout));
  connection.ensure_open();
  Vitals vitals;
  vitals.known_schema = static_cast<int>(known_migrations().size());
  const auto server = connection.execute(read_server);
  vitals.version = server.string(0, 0);
  vitals.clock = UnixTime{std::chrono::milliseconds{server.int8(0, 1)}};
  vitals.path = path_of(connection);
  vitals.unconfirmed = unconfirmed_by(connection);
  if (server.boolean(0, 2)) {
    std::vector<delivery::AppliedMigration> applied;
    const auto rows = connection.execute(read_schema);
    for (int i = 0; i < rows.size(); ++i) applied.push_back({rows.int4(i, 0), rows.string(i, 1), {}});
    vitals.schema = applied.empty() ? 0 : applied.back().number;
    vitals.served = delivery::serves(vitals.known_schema, applied);
    weigh_into(vitals, connection, patience, too_many_dead);
  }
  const auto weak = connection.execute(find_weaknesses);
  for (int i = 0; i < weak.size(); ++i)
    vitals.weaknesses.push_back({weak.boolean(i, 0), weak.string(i, 1), weak.string(i, 2)});
  const auto open = connection.execute(find_openings);
  for (int i = 0; i < open.size(); ++i) vitals.weaknesses.push_back({true, open.string(i, 0), open.string(i, 1)});
  return vitals;
}

}  // namespace opi::postgres
