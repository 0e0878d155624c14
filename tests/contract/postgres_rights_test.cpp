#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>

#include "contract/postgres_fixture.hpp"
#include "contract/shared_cluster.hpp"
#include "postgres/postgres_audit_log.hpp"
#include "postgres/postgres_catalog_store.hpp"
#include "postgres/postgres_retention_store.hpp"
#include "postgres/postgres_vitals.hpp"
#include "postgres/schema.hpp"
#include "postgres/subject_order.hpp"
#include "postgres/transaction.hpp"

namespace opi::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

// "object | role | right", one for each right that somebody has who does not own the object.
using Rights = std::set<std::string>;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t`");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t`") - first + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream{text};
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(trimmed(part));
  return parts;
}

// "SELECT, UPDATE (b, a)" as "SELECT" and "UPDATE (a, b)".
std::vector<std::string> rights_in(std::string cell) {
  std::vector<std::string> rights;
  for (auto& part : split(cell, ',')) {
    const bool inside = !rights.empty() && rights.back().find('(') != std::string::npos && rights.back().back() != ')';
    if (inside)
      rights.back() += ',' + part;
    else
      rights.push_back(part);
  }
  for (auto& right : rights) {
    const auto open = right.find('(');
    if (open == std::string::npos) continue;
    auto columns = split(right.substr(open + 1, right.size() - open - 2), ',');
    std::ranges::sort(columns);
    right.resize(open + 1);
    for (const auto& column : columns) right += (right.back() == '(' ? "" : ", ") + column;
    right += ')';
  }
  return rights;
}

// The table of docs/operations.md.
Rights documented_rights() {
  std::ifstream file{OPI_SOURCE_DIR "/docs/operations.md"};
  std::string line;
  while (std::getline(file, line) && !line.starts_with("| object |")) continue;
  auto roles = split(line, '|');
  std::getline(file, line);
  Rights rights;
  while (std::getline(file, line) && line.starts_with("|")) {
    const auto cells = split(line, '|');
    for (std::size_t i = 2; i < cells.size(); ++i)
      for (const auto& right : rights_in(cells[i]))
        if (!right.empty()) rights.insert(cells[1] + " | " + roles[i] + " | " + right);
  }
  return rights;
}

constexpr const char* granted = R"(
  WITH objects AS (
    SELECT c.relname::text AS object, c.relowner AS owner, c.relacl AS acl, '' AS columns FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'opi'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)), '' FROM pg_proc p
    WHERE p.pronamespace IN ('public'::regnamespace, 'opi'::regnamespace)
    UNION ALL
    SELECT 'schema ' || n.nspname, n.nspowner, n.nspacl, '' FROM pg_namespace n WHERE n.nspname IN ('public', 'opi')
    UNION ALL
    SELECT 'the database', d.datdba, coalesce(d.datacl, acldefault('d', d.datdba)), '' FROM pg_database d
    WHERE d.datname = current_database()
  ), rights AS (
    SELECT o.object, o.owner, a.grantee, a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS what
    FROM objects o, aclexplode(o.acl) a
    UNION ALL
    SELECT c.relname, c.relowner, a.grantee,
           a.privilege_type || ' (' || string_agg(t.attname, ', ' ORDER BY t.attname COLLATE "C") || ')'
    FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
    WHERE c.relnamespace IN ('public'::regnamespace, 'opi'::regnamespace)
    GROUP BY c.relname, c.relowner, a.grantee, a.privilege_type
  )
  SELECT object || ' | ' || CASE grantee WHEN 0 THEN 'every login' ELSE grantee::regrole::text END || ' | ' || what
  FROM rights WHERE grantee <> owner)";

class DatabaseRights : public PostgresFixture {
 protected:
  DatabaseRights() {
    database_.migrate();
    column("SET search_path = public");  // a login that is named like our schema would look there first
  }
  using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
  // The first column, or the SQLSTATE of a refusal.
  std::vector<std::string> column(const std::string& text) {
    const Result result{PQexec(session_.get(), text.c_str()), &PQclear};
    if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) return {PQresultErrorField(result.get(), PG_DIAG_SQLSTATE)};
    std::vector<std::string> values;
    for (int i = 0; i < PQntuples(result.get()); ++i) values.emplace_back(PQgetvalue(result.get(), i, 0));
    return values;
  }
  std::vector<std::string> weaknesses() {
    std::vector<std::string> all;
    for (const auto& one : postgres::look({.connection = connection_}).weaknesses) all.push_back(one.message);
    return all;
  }

  const std::string connection_ = shared_cluster().create_database();
  postgres::PostgresDatabase database_{{.connection = connection_}};
  std::unique_ptr<PGconn, decltype(&PQfinish)> session_{PQconnectdb(connection_.c_str()), &PQfinish};
};

TEST_F(DatabaseRights, EveryRoleHasWhatTheDocumentSaysAndNothingElse) {
  const auto documented = documented_rights();
  Rights found;
  for (const auto& right : column(granted)) found.insert(right);
  ASSERT_GT(documented.size(), 50u);
  Rights missing, beyond;
  std::ranges::set_difference(documented, found, std::inserter(missing, missing.end()));
  std::ranges::set_difference(found, documented, std::inserter(beyond, beyond.end()));
  EXPECT_THAT(missing, IsEmpty()) << "in the document, not in the database";
  EXPECT_THAT(beyond, IsEmpty()) << "in the database, not in the document";
}

TEST_F(DatabaseRights, EveryFunctionFindsWhatItNamesInTheServersOwnSchemaAlone) {
  EXPECT_THAT(column(R"(SELECT p.oid::regprocedure::text FROM pg_proc p
                        WHERE p.pronamespace IN ('public'::regnamespace, 'opi'::regnamespace)
                          AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp'])"),
              IsEmpty());
  EXPECT_THAT(column("SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.prosecdef AND NOT "
                     "p.pronamespace = 'pg_catalog'::regnamespace"),
              testing::ElementsAre("opi.publish(jsonb)"));
}

TEST_F(DatabaseRights, OurLoginOwnsAllButWhatPublishIs) {
  EXPECT_THAT(
      column(R"(SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.proowner = 'opi_worker'::regrole)"),
      testing::UnorderedElementsAre("opi.publish(jsonb)", "opi.envelope_text(jsonb,text,text,integer,boolean)"));
  EXPECT_THAT(column(R"(SELECT c.relname FROM pg_class c WHERE c.relowner <> current_user::regrole
                          AND c.relnamespace IN ('public'::regnamespace, 'opi'::regnamespace)
                        UNION ALL SELECT p.proname FROM pg_proc p
                        WHERE p.pronamespace IN ('public'::regnamespace, 'opi'::regnamespace)
                          AND p.proowner NOT IN (current_user::regrole, 'opi_worker'::regrole)
                        UNION ALL SELECT 'default privileges' FROM pg_default_acl)"),
              IsEmpty());
  EXPECT_THAT(column(R"(SELECT r.rolname FROM pg_roles r WHERE r.rolname ~ '^opi_(worker|api|producer)$'
                          AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolcanlogin))"),
              IsEmpty());
  EXPECT_THAT(column(R"(SELECT m.member::regrole::text FROM pg_auth_members m
                        WHERE m.member::regrole::text IN ('opi_worker', 'opi_api', 'opi_producer'))"),
              IsEmpty());
}

TEST_F(DatabaseRights, ALookNamesADatabaseThatIsNotAsItShouldBe) {
  EXPECT_THAT(weaknesses(), IsEmpty());
  column("ALTER FUNCTION opi.publish(jsonb) SET search_path = pg_catalog");
  column("GRANT EXECUTE ON FUNCTION opi.guard_chain_head() TO PUBLIC");
  column("DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$");
  EXPECT_THAT(weaknesses(),
              testing::UnorderedElementsAre(HasSubstr("opi.publish(jsonb)"), HasSubstr("opi.guard_chain_head()"),
                                            HasSubstr("temporary tables")));
  column("DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$");
  column("REVOKE EXECUTE ON FUNCTION opi.guard_chain_head() FROM PUBLIC");
  column("ALTER FUNCTION opi.publish(jsonb) SET search_path = pg_catalog, pg_temp");
  const std::vector<std::array<std::string, 3>> openings{
      {"ALTER TABLE tenants DISABLE ROW LEVEL SECURITY", "row-level security of tenants",
       "ALTER TABLE tenants ENABLE ROW LEVEL SECURITY"},
      {"ALTER TABLE sessions NO FORCE ROW LEVEL SECURITY", "row-level security of sessions",
       "ALTER TABLE sessions FORCE ROW LEVEL SECURITY"},
      {"CREATE POLICY open ON api_tokens TO opi_api USING (true)", "the policy open of api_tokens",
       "DROP POLICY open ON api_tokens"},
      {"ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only", "the guard audit_log_append_only",
       "ALTER TABLE audit_log ENABLE TRIGGER audit_log_append_only"},
      {"ALTER TABLE audit_chain_heads ENABLE REPLICA TRIGGER audit_chain_heads_forward",
       "the guard audit_chain_heads_forward", "ALTER TABLE audit_chain_heads ENABLE TRIGGER audit_chain_heads_forward"},
      {"ALTER FUNCTION opi.publish(jsonb) OWNER TO CURRENT_USER", "runs as",
       "ALTER FUNCTION opi.publish(jsonb) OWNER TO opi_worker"},
      {"GRANT opi_worker TO opi_producer", "opi_producer is a member of opi_worker",
       "REVOKE opi_worker FROM opi_producer"},
      {"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC", "default privileges",
       "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM PUBLIC"},
      {"GRANT SELECT ON integration_events TO PUBLIC", "every login has SELECT on integration_events",
       "REVOKE SELECT ON integration_events FROM PUBLIC"},
      {"GRANT DELETE ON audit_chain_heads TO opi_worker", "opi_worker has DELETE on audit_chain_heads",
       "REVOKE DELETE ON audit_chain_heads FROM opi_worker"},
      {"GRANT INSERT ON api_tokens TO opi_api", "opi_api has INSERT on api_tokens",
       "REVOKE INSERT ON api_tokens FROM opi_api"}};
  for (const auto& [open, named, close] : openings) {
    SCOPED_TRACE(open);
    column(open);
    EXPECT_THAT(weaknesses(), testing::ElementsAre(HasSubstr(named)));
    column(close);
  }
  EXPECT_THAT(weaknesses(), IsEmpty());
  EXPECT_THAT(postgres::look({.connection = shared_cluster().create_database()}).weaknesses, IsEmpty())
      << "of a database that holds nothing of ours there is nothing to say";
}

// With what was in it, and open to whom it was open.
TEST_F(DatabaseRights, ADatabaseOfTheVersionBeforeIsBroughtToTheSame) {
  const std::string before = shared_cluster().create_database();
  const postgres::PostgresOptions options{.connection = before};
  {
    postgres::Connection connection{postgres::plain_settings(options, std::chrono::minutes{1})};
    connection.ensure_open();
    postgres::migrate_schema(connection, postgres::known_migrations().first(8));
  }
  session_.reset(PQconnectdb(before.c_str()));
  column("SET search_path = public");
  column("INSERT INTO tenants (tenant_id, name, revision) VALUES ('acme', 'Acme', 1)");
  column("CREATE TABLE of_somebody (tenant_id text)");
  column("CREATE ROLE somebody; ALTER TABLE of_somebody OWNER TO somebody; SET search_path = public");
  std::vector<std::string> open;
  for (const auto& one : postgres::look(options).weaknesses) open.push_back(one.message);
  EXPECT_THAT(open, testing::IsSupersetOf({HasSubstr("opi.publish(jsonb)"), HasSubstr("opi.envelope_text"),
                                           HasSubstr("protect_tenants"), HasSubstr("function refuse_audit_change()"),
                                           HasSubstr("execute refuse_audit_change()"), HasSubstr("temporary tables"),
                                           HasSubstr("guard audit_chain_heads_forward"),
                                           HasSubstr("guard audit_chain_heads_no_truncate"),
                                           HasSubstr("opi_worker has DELETE on audit_chain_heads"),
                                           HasSubstr("opi_api has INSERT on api_tokens")}));
  postgres::PostgresDatabase{options}.migrate();
  EXPECT_THAT(postgres::look(options).weaknesses, IsEmpty());
  EXPECT_THAT(column("SELECT name FROM tenants"), testing::ElementsAre("Acme"));
  column("DROP TABLE of_somebody; DROP ROLE somebody; SET search_path = public");
  const auto documented = documented_rights();
  Rights found;
  for (const auto& right : column(granted)) found.insert(right);
  EXPECT_EQ(found, documented);
}

TEST_F(DatabaseRights, NoLockOfOursIsOneThatAnyLoginCouldTake) {
  audit::Entry entry;
  entry.tenant = acme_;
  postgres::PostgresCatalogStore catalog{database_};
  catalog.put_tenant({acme_, "Acme", {}}, entry);
  const auto held = postgres::Statement{"held", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"};
  {
    auto session = database_.intake().borrow();
    postgres::Transaction transaction{*session, postgres::Transaction::Kind::storing};
    const postgres::OrderedSubject subjects[]{{destination_, "ticket-1"}, {destination_, "ticket-2"}};
    postgres::lock_subjects(*session, subjects);
    EXPECT_EQ(session->execute(held).int8(0, 0), 0);
    EXPECT_THAT(column("SELECT mode FROM pg_locks WHERE relation = 'integration_intake_gate'::regclass"),
                testing::ElementsAre("RowExclusiveLock"));
    EXPECT_EQ(column("SELECT bucket FROM integration_subject_locks FOR UPDATE SKIP LOCKED").size(), 65'536u - 2u);
  }
  for (const char* role : {"opi_producer", "opi_api", "opi_worker"}) {
    column(std::string("SET ROLE ") + role);
    const bool producer = std::string(role) == "opi_producer", worker = std::string(role) == "opi_worker";
    const std::vector<std::string> refused{"42501"};
    EXPECT_EQ(column("BEGIN; LOCK TABLE integration_intake_gate IN ACCESS SHARE MODE") == refused, true) << role;
    column("ROLLBACK");
    EXPECT_EQ(column("BEGIN; LOCK TABLE integration_intake_gate IN ROW EXCLUSIVE MODE") == refused, producer) << role;
    column("ROLLBACK");
    EXPECT_EQ(column("BEGIN; LOCK TABLE integration_intake_gate IN SHARE MODE") == refused, producer || worker) << role;
    column("ROLLBACK");
    EXPECT_EQ(column("SELECT bucket FROM integration_subject_locks LIMIT 1 FOR UPDATE") == refused, producer) << role;
    EXPECT_EQ(column("BEGIN; LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE"), refused) << role;
    column("ROLLBACK");
    EXPECT_EQ(column("SELECT 1 FROM tenants FOR NO KEY UPDATE") == refused, !worker) << role;
    column("RESET ROLE");
  }
  EXPECT_THAT(column("UPDATE integration_subject_locks SET held = false WHERE bucket = 1"),
              testing::ElementsAre("23514"));
}

// A producer that holds every lock it can: those that earlier versions took.
TEST_F(DatabaseRights, AProducersSessionStopsNeitherIntakeNorMigrationNorRetention) {
  audit::Entry entry;
  entry.tenant = acme_;
  postgres::PostgresCatalogStore catalog{database_};
  catalog.put_tenant({acme_, "Acme", {}}, entry);
  column("SET ROLE opi_producer");
  column(
      "SELECT pg_advisory_lock(7305809801), pg_advisory_lock(x'6f706901'::bigint), "
      "pg_advisory_lock(hashtextextended('acme', 7253104))");
  ASSERT_THAT(column("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), testing::ElementsAre("3"));
  postgres::PostgresDatabase impatient{{.connection = connection_,
                                        .lock_timeout = std::chrono::milliseconds{500},
                                        .migration_timeout = std::chrono::milliseconds{5'000}}};
  postgres::PostgresDeliveryStore store{impatient, clock_};
  EXPECT_THAT(store.insert({{new_event("e-1")}}, catalog.revision()).results, Each(delivery::InsertResult::accepted));
  EXPECT_NO_THROW(impatient.migrate());
  auto claims = claim(store);
  ASSERT_EQ(claims.size(), 1u);
  std::vector<delivery::Settlement> settlements;
  settlements.push_back(success(std::move(claims.front())));
  EXPECT_THAT(store.settle(settlements), Each(delivery::SettleResult::settled));
  clock_.jump(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) - clock_.unix_now());
  const auto future = clock_.unix_now() + std::chrono::hours{1};
  postgres::PostgresRetentionStore retention{impatient};
  EXPECT_EQ(retention.remove_deliveries(acme_, future, future, {}, 10).deliveries, 1);
}

}  // namespace
}  // namespace opi::test
