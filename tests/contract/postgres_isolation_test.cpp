#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <memory>
#include <stdexcept>

#include "contract/postgres_fixture.hpp"
#include "contract/shared_cluster.hpp"
#include "postgres/postgres_catalog_store.hpp"
#include "postgres/postgres_token_store.hpp"

namespace opi::test {
namespace {

using testing::Each;

// What the database itself allows, whatever our statements say.
class TenantIsolation : public PostgresFixture {
 protected:
  TenantIsolation() {
    database_.migrate();
    for (const auto& tenant : {acme_, globex_}) {
      audit::Entry entry;
      entry.tenant = tenant;
      entry.action = audit::Action::tenant_created;
      postgres::PostgresCatalogStore{database_}.put_tenant({tenant, tenant.str(), {}}, entry);
    }
    postgres::PostgresDeliveryStore store{database_, clock_};
    const auto revision = postgres::PostgresCatalogStore{database_}.revision();
    for (const auto& tenant : {acme_, globex_}) {
      auto event = new_event("e-" + tenant.str());
      event.event.tenant_id = tenant;
      EXPECT_THAT(store.insert({{event}}, revision).results, Each(delivery::InsertResult::accepted));
    }
  }
  void given_records_of_the_installation() {
    audit::Entry entry;
    entry.action = audit::Action::token_issued;
    for (const auto& tenant : {TenantId{}, acme_, globex_}) {
      entry.tenant = tenant;
      identity::TokenRecord token;
      token.tenant = tenant;
      token.prefix = "opi_" + tenant.str();
      token.role = tenant == TenantId{} ? Role::system_admin : Role::auditor;
      token.hash = crypto::sha256(token.prefix);
      EXPECT_TRUE(postgres::PostgresTokenStore{database_}.insert(token, entry));
    }
  }
  // The first column of the first row, the command tag of what has none, or the SQLSTATE of a refusal.
  std::string sql(const std::string& text) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(session_.get(), text.c_str()), &PQclear};
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return PQcmdStatus(result.get());
    if (PQresultStatus(result.get()) == PGRES_TUPLES_OK)
      return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
    return PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  }

  const TenantId globex_ = TenantId::parse("globex").value();
  const std::string connection_ = shared_cluster().create_database();
  postgres::PostgresDatabase database_{{.connection = connection_}};
  std::unique_ptr<PGconn, decltype(&PQfinish)> session_{PQconnectdb(connection_.c_str()), &PQfinish};
};

constexpr const char* insufficient_privilege = "42501";

TEST_F(TenantIsolation, EveryTableWithTenantsForcesRowLevelSecurity) {
  EXPECT_EQ(sql(R"(SELECT string_agg(c.relname, ' ') FROM pg_class c
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
                   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                     AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                              AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant')))"),
            "");
}

// The empty tenant is the installation itself: what it has must not be what a session sees that names nobody.
TEST_F(TenantIsolation, TheApisRoleSeesOneTenantWhateverItAsks) {
  given_records_of_the_installation();
  sql("SET ROLE opi_api");
  for (const char* table : {"integration_events", "integration_outbox", "audit_log", "audit_chain_heads", "api_tokens",
                            "integration_delivery_view"}) {
    const std::string tenants = std::string("SELECT string_agg(DISTINCT tenant_id, ' ') FROM ") + table;
    for (const char* nobody :
         {"RESET opi.tenant", "SET opi.tenant = ''", "SET opi.tenant = 'acme'", "SET opi.tenant = 'tenant'",
          "SET opi.tenant = 'tenant:Acme'", "SET opi.tenant = ' tenant:acme'", "SET opi.tenant = E'tenant:acme\n'",
          "SET opi.tenant = 'tenant:acme tenant:globex'"}) {
      ASSERT_THAT(sql(nobody), testing::AnyOf("SET", "RESET"));
      EXPECT_EQ(sql(tenants), "") << table << " after " << nobody;
    }
    sql("SET opi.tenant = 'tenant:acme'");
    EXPECT_EQ(sql(tenants), "acme") << table;
  }
}

TEST_F(TenantIsolation, TheInstallationsRowsAreSeenByWhoNamesIt) {
  given_records_of_the_installation();
  const auto seen =
      postgres::Statement{"seen", "SELECT count(*) FILTER (WHERE tenant_id = ''), count(*) FROM api_tokens"};
  EXPECT_EQ(database_.tenant(TenantId{})->execute(seen).int8(0, 0), 1);
  EXPECT_EQ(database_.tenant(TenantId{})->execute(seen).int8(0, 1), 1) << "and no other";
  EXPECT_EQ(database_.tenant(acme_)->execute(seen).int8(0, 0), 0);
}

TEST_F(TenantIsolation, TheApisRoleMakesNoTokens) {
  sql("SET ROLE opi_api");
  for (const char* setting : {"RESET opi.tenant", "SET opi.tenant = 'tenant:'", "SET opi.tenant = 'tenant:acme'"}) {
    sql(setting);
    EXPECT_EQ(sql(R"(INSERT INTO api_tokens (tenant_id, token_hash, prefix, role, label, created_at)
                     VALUES ('', sha256('x'), 'opi_x', 'system_admin', '', now()))"),
              insufficient_privilege)
        << setting;
    EXPECT_EQ(sql("UPDATE api_tokens SET revoked_at = NULL"), insufficient_privilege) << setting;
    EXPECT_EQ(sql("SELECT count(*) FROM sessions"), insufficient_privilege) << setting;
  }
}

TEST_F(TenantIsolation, TheApisRoleChangesNothingOfAnotherTenant) {
  sql("SET ROLE opi_api");
  sql("SET opi.tenant = 'tenant:acme'");
  EXPECT_EQ(sql("UPDATE integration_outbox SET due_at = due_at WHERE tenant_id = 'globex'"), "UPDATE 0");
  EXPECT_EQ(sql("UPDATE integration_outbox SET due_at = due_at"), "UPDATE 1") << "its own row, and no other";
  EXPECT_EQ(sql("DELETE FROM integration_deliveries"), "DELETE 0");
  EXPECT_EQ(sql("UPDATE integration_outbox SET tenant_id = 'globex'"), insufficient_privilege);
  EXPECT_EQ(sql("INSERT INTO tenants (tenant_id, name, revision) VALUES ('initech', 'Initech', 1)"),
            insufficient_privilege);
  EXPECT_EQ(sql("UPDATE integration_events SET tenant_id = 'globex'"), insufficient_privilege);
  const std::string policy = "INSERT INTO integration_delivery_policy (tenant_id, max_attempts) VALUES ";
  EXPECT_EQ(sql(policy + "('globex', 1)"), insufficient_privilege);
  EXPECT_EQ(sql(policy + "('acme', 1)"), "INSERT 0 1");
}

TEST_F(TenantIsolation, NobodyRewritesTheAuditTrail) {
  for (const char* role : {"opi_api", "opi_worker"}) {
    sql(std::string("SET ROLE ") + role);
    sql("SET opi.tenant = 'tenant:acme'");
    for (const char* table : {"audit_log", "audit_chain_heads"}) {
      EXPECT_EQ(sql(std::string("DELETE FROM ") + table), insufficient_privilege) << role << table;
      EXPECT_EQ(sql(std::string("TRUNCATE ") + table), insufficient_privilege) << role << table;
    }
    EXPECT_EQ(sql("UPDATE audit_log SET actor_id = 'nobody'"), insufficient_privilege) << role;
    EXPECT_EQ(sql("UPDATE audit_chain_heads SET sequence = sequence - 1"), insufficient_privilege) << role;
    EXPECT_EQ(sql("UPDATE audit_chain_heads SET sequence = sequence + 1"), insufficient_privilege) << role;
    EXPECT_EQ(sql("UPDATE audit_chain_heads SET sequence = sequence"), insufficient_privilege) << role;
    EXPECT_EQ(sql("UPDATE audit_chain_heads SET tenant_id = 'initech'"), insufficient_privilege) << role;
    EXPECT_EQ(sql("CREATE TABLE mine (x int)"), insufficient_privilege) << role;
  }
  sql("RESET ROLE");
  EXPECT_EQ(sql("DELETE FROM audit_chain_heads"), insufficient_privilege) << "nor the owner, past its own triggers";
  EXPECT_EQ(sql("TRUNCATE audit_chain_heads"), insufficient_privilege);
}

TEST_F(TenantIsolation, AHeadBeginsAtItsTenantsGenesis) {
  const std::string head = "INSERT INTO audit_chain_heads (tenant_id, sequence, hash) VALUES ('initech', ";
  EXPECT_EQ(sql(head + "0, sha256('another'))"), insufficient_privilege);
  EXPECT_EQ(sql(head + "5, sha256('another'))"), insufficient_privilege);
  EXPECT_EQ(sql(head + "0, sha256('opi.audit.genesis.v17:initech'))"), "INSERT 0 1");
  sql("ALTER TABLE audit_chain_heads DISABLE TRIGGER USER");
  sql("DELETE FROM audit_chain_heads WHERE tenant_id = 'acme'");
  sql("ALTER TABLE audit_chain_heads ENABLE TRIGGER USER");
  EXPECT_EQ(sql("INSERT INTO audit_chain_heads VALUES ('acme', 0, sha256('opi.audit.genesis.v14:acme'))"),
            insufficient_privilege)
      << "there are records of it";
}

TEST_F(TenantIsolation, AProducersRolePublishesAndNothingElse) {
  sql("SET ROLE opi_producer");
  EXPECT_EQ(sql(R"(SELECT opi.publish('{"event_id":"p-1","event_type":"alert.created","schema_version":"1.0",
                   "tenant_id":"acme","source":"edr","timestamp":"2026-11-23T15:04:05Z","payload":{}}'))"),
            "accepted");
  for (const char* table : {"tenants", "integration_events", "integration_inbox", "api_tokens", "audit_log"})
    EXPECT_EQ(sql(std::string("SELECT count(*) FROM ") + table), insufficient_privilege) << table;
  EXPECT_EQ(sql("SELECT opi.protect_tenants()"), insufficient_privilege);
  sql("RESET ROLE");
  EXPECT_EQ(sql("SELECT tenant_id FROM integration_inbox"), "acme");
}

// As an administrator of databases would set it up who lets no application create roles.
TEST_F(TenantIsolation, AnOrdinaryLoginMigratesAndDelivers) {
  const std::string fresh = shared_cluster().create_database();
  const auto name = fresh.substr(fresh.rfind('=') + 1);
  sql("CREATE ROLE plain_login LOGIN");
  sql("ALTER DATABASE " + name + " OWNER TO plain_login");
  const auto options = [&](const std::string& user) {
    auto connection = fresh;
    return postgres::PostgresOptions{.connection = connection.replace(connection.find("user=opi"), 8, "user=" + user)};
  };
  EXPECT_THROW(postgres::PostgresDatabase{options("plain_login")}.migrate(), std::exception)
      << "it is no member of the roles, and may not make itself one";
  sql("GRANT opi_worker, opi_api TO plain_login");
  postgres::PostgresDatabase database{options("plain_login")};
  database.migrate();
  audit::Entry entry;
  entry.tenant = acme_;
  entry.action = audit::Action::tenant_created;
  postgres::PostgresCatalogStore catalog{database};
  catalog.put_tenant({acme_, "Acme", {}}, entry);
  postgres::PostgresDeliveryStore store{database, clock_};
  EXPECT_THAT(store.insert({{new_event("e-1")}}, catalog.revision()).results, Each(delivery::InsertResult::accepted));
  auto claims = claim(store);
  ASSERT_EQ(claims.size(), 1u);
  std::vector<delivery::Settlement> settlements;
  settlements.push_back(success(std::move(claims.front())));
  EXPECT_THAT(store.settle(settlements), Each(delivery::SettleResult::settled));
}

TEST_F(TenantIsolation, OurOwnSessionsWorkUnderTheirRoles) {
  const auto who = postgres::Statement{"who", "SELECT current_user::text"};
  for (auto* pool : {&database_.intake(), &database_.claim(), &database_.settle(), &database_.general()})
    EXPECT_EQ(pool->borrow()->execute(who).string(0, 0), "opi_worker");
  EXPECT_EQ(database_.tenant(acme_)->execute(who).string(0, 0), "opi_api");
  const auto seen = postgres::Statement{"seen", "SELECT string_agg(tenant_id, ' ') FROM integration_events"};
  EXPECT_EQ(database_.tenant(acme_)->execute(seen).string(0, 0), "acme");
  EXPECT_EQ(database_.tenant(globex_)->execute(seen).string(0, 0), "globex") << "a pooled session kept its tenant";
}

}  // namespace
}  // namespace opi::test
