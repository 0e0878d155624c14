#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <thread>

#include "contract/postgres_fixture.hpp"
#include "contract/shared_cluster.hpp"
#include "domain/store_errors.hpp"
#include "postgres/former_session.hpp"
#include "postgres/pooler.hpp"
#include "postgres/postgres_vitals.hpp"
#include "postgres/postgres_work_listener.hpp"
#include "postgres/postgres_write_probe.hpp"
#include "support/pg_bouncer.hpp"

// Which servers, and what in front of them, a session of ours is good for.
namespace opi::test {
namespace {

using delivery::InsertResult;
using postgres::Connection;
using postgres::Peer;
using postgres::PostgresDatabase;
using postgres::PostgresDeliveryStore;
using postgres::PostgresOptions;
using testing::Each;
using testing::HasSubstr;
using namespace std::chrono_literals;

class PostgresSessions : public PostgresFixture {
 protected:
  template <class Call>
  static std::string refusal_of(Call call) {
    try {
      call();
      return "";
    } catch (const StoreUnavailable& refusal) {
      return refusal.what();
    }
  }
  static std::string ask(const std::string& connection, const std::string& sql) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> side_door{PQconnectdb(connection.c_str()), &PQfinish};
    const std::unique_ptr<PGresult, decltype(&PQclear)> rows{PQexec(side_door.get(), sql.c_str()), &PQclear};
    return PQntuples(rows.get()) > 0 ? PQgetvalue(rows.get(), 0, 0) : PQresultErrorMessage(rows.get());
  }
  static std::string database_of(const std::string& connection) { return connection.substr(connection.rfind('=') + 1); }
};

// --- servers that take no writes ---

TEST_F(PostgresSessions, EverySessionThatIsReadOnlyIsReplaced) {
  PostgresDatabase database{{.connection = create_migrated_database()}};
  for (auto* pool : {&database.intake(), &database.claim(), &database.settle(), &database.general()}) {
    int before = 0;
    {
      auto session = pool->borrow();
      before = session->generation();
      session->script("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "be a standby");
      EXPECT_THROW(session->script("UPDATE integration_catalog_revision SET revision = revision", "write"),
                   StoreUnavailable);
    }
    // There may be others in the pool: the one used last is borrowed first.
    auto session = pool->borrow();
    EXPECT_EQ(session->generation(), before + 1);
    EXPECT_NO_THROW(session->script("UPDATE integration_catalog_revision SET revision = revision", "write"));
  }
  auto session = database.tenant(acme_);
  session->script("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "be a standby");
  EXPECT_THROW(session->script("UPDATE integration_catalog_revision SET revision = revision", "write"),
               StoreUnavailable);
  EXPECT_NO_THROW(session->ensure_open());
  EXPECT_EQ(session->generation(), 2);
}

TEST_F(PostgresSessions, AServerThatIsToldToBeReadOnlyIsNoticedWhenASessionOpens) {
  const auto connection = create_migrated_database();
  const PostgresOptions options{.connection = connection};
  PostgresDatabase database{options};
  PostgresDeliveryStore store{database, clock_};
  postgres::PostgresWriteProbe probe{options};
  postgres::PostgresWorkListener listener{options};
  const std::string alter = "ALTER DATABASE " + database_of(connection) + " SET default_transaction_read_only = ";
  ask(connection, alter + "on");
  for (const auto& refusal : {refusal_of([&] { store.insert({{new_event("e1")}}, 0); }),
                              refusal_of([&] { probe.prove_write(); }), refusal_of([&] { listener.run_once(0ms); }),
                              refusal_of([&] { database.tenant(acme_); }), refusal_of([&] { database.migrate(); })})
    EXPECT_THAT(refusal, HasSubstr("takes no writes"));
  ask("options='-c default_transaction_read_only=off' " + connection, alter + "off");
  EXPECT_THAT(store.insert({{new_event("e1")}}, 0).results, Each(InsertResult::accepted));
  EXPECT_NO_THROW(probe.prove_write());
  EXPECT_TRUE(listener.run_once(0ms));
}

TEST_F(PostgresSessions, AStandbyIsRefusedUntilItIsPromoted) {
  PostgresCluster primary;
  const auto direct = primary.create_database();
  PostgresDatabase{{.connection = direct}}.migrate();
  PostgresCluster standby({.standby_of = &primary});
  const auto rest = direct.substr(direct.find(" port="));
  PostgresDatabase alone{{.connection = "host=" + standby.host().string() + rest}};
  PostgresDeliveryStore its_store{alone, clock_};
  EXPECT_THAT(refusal_of([&] { its_store.insert({{new_event("e1")}}, 0); }), HasSubstr("target_session_attrs"));

  // Of several hosts the one is taken that can be written to, whichever stands first.
  PostgresDatabase both{{.connection = "host=" + standby.host().string() + "," + primary.host().string() + rest}};
  PostgresDeliveryStore store{both, clock_};
  EXPECT_THAT(store.insert({{new_event("e1")}}, 0).results, Each(InsertResult::accepted));
  primary.kill_hard();
  EXPECT_THROW(store.insert({{new_event("e2")}}, 0), StoreUnavailable);
  standby.promote();
  EXPECT_THAT(store.insert({{new_event("e2")}}, 0).results, Each(InsertResult::accepted));
  EXPECT_THAT(its_store.insert({{new_event("e3")}}, 0).results, Each(InsertResult::accepted));
}

// A commit that no standby has confirmed is visible, and may be lost.
TEST_F(PostgresSessions, WhatNoStandbyHasConfirmedIsNotSaidToBeStored) {
  PostgresCluster cluster;
  const auto connection = cluster.create_database();
  PostgresDatabase database{{.connection = connection, .statement_timeout = 3s}};
  database.migrate();
  PostgresDeliveryStore store{database, clock_};
  postgres::PostgresWriteProbe probe{{.connection = connection, .statement_timeout = 1s}};
  const auto one = new_event("e1");
  const auto await_standby = [&](const std::string& name) {
    ask(connection, "ALTER SYSTEM SET synchronous_standby_names = '" + name + "'");
    ask(connection, "SELECT pg_reload_conf()");
    while (ask(connection, "SHOW synchronous_standby_names") != name) std::this_thread::sleep_for(10ms);
  };
  EXPECT_EQ(postgres::look({.connection = connection}).unconfirmed, "");
  await_standby("absent");
  EXPECT_THAT(postgres::look({.connection = connection}).unconfirmed, HasSubstr("no standby is there"));
  std::thread impatient([&] {
    const std::string cancel =
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    while (ask(connection, cancel) == "0") std::this_thread::sleep_for(10ms);
  });
  EXPECT_THROW(store.insert({{one}}, 0), CommitInDoubt);
  impatient.join();
  EXPECT_EQ(ask(connection, "SELECT count(*) FROM integration_events"), "1") << "the test proves nothing";
  EXPECT_THROW(store.stored({{one}}), StoreUnavailable);
  EXPECT_THROW(store.insert({{one}}, 0), CommitInDoubt) << "a duplicate is no more durable than what it repeats";
  EXPECT_THROW(probe.prove_write(), StoreUnavailable);
  await_standby("");
  EXPECT_THAT(store.stored({{one}}), Each(true));
  EXPECT_THAT(store.insert({{one}}, 0).results, Each(InsertResult::duplicate));
  EXPECT_NO_THROW(probe.prove_write());
}

class PostgresFormerSessions : public PostgresSessions {
 protected:
  void SetUp() override {
    ask(connection_, "CREATE TABLE t (x int)");
    ask(connection_, "ALTER SYSTEM SET synchronous_standby_names = 'absent'");
    ask(connection_, "SELECT pg_reload_conf()");
    while (ask(connection_, "SHOW synchronous_standby_names") != "absent") std::this_thread::sleep_for(10ms);
  }
  // The session's commit waits in the server, and here nobody waits for it any more.
  void strand(Connection& session) {
    session.ensure_open();
    session.script("BEGIN; INSERT INTO t VALUES (1)", "write");
    EXPECT_THROW(session.commit(), CommitInDoubt);
    ASSERT_EQ(waiting(), "1");
  }
  std::string waiting() {
    return ask(connection_, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
  }

  PostgresCluster cluster_;
  const std::string connection_ = cluster_.create_database();
};

TEST_F(PostgresFormerSessions, ACommitThatNobodyWaitsForIsLetGoWhenTheSessionOpensAnew) {
  Connection session{{connection_, "", 2s}};
  strand(session);
  session.ensure_open();
  while (waiting() != "0") std::this_thread::sleep_for(10ms);
}

// Process ids come again, on this server and on the next one.
TEST_F(PostgresFormerSessions, AnotherSessionOfTheSameProcessIdIsLeftAlone) {
  Connection session{{connection_, "", 2s}};
  session.ensure_open();
  const auto its = postgres::identity_of(session);
  strand(session);
  Connection other{{connection_, "", 10s}};
  other.ensure_open();
  Connection elsewhere{{shared_cluster().create_database(), "", 10s}};
  elsewhere.ensure_open();
  auto of_another_server = postgres::identity_of(elsewhere);
  of_another_server.process = its.process;
  auto of_another_time = its;
  of_another_time.began = postgres::identity_of(other).began;
  auto of_another_run = its;
  of_another_run.server_began = of_another_server.server_began;
  for (const auto& foreign : {of_another_server, of_another_time, of_another_run}) {
    EXPECT_FALSE(postgres::let_go(other, foreign));
    EXPECT_EQ(waiting(), "1");
  }
  EXPECT_FALSE(postgres::let_go(other, postgres::identity_of(other))) << "it waits for nothing";
  EXPECT_TRUE(postgres::let_go(other, its));
  while (waiting() != "0") std::this_thread::sleep_for(10ms);
}

// Its role is what holds a session to what it may do: one without is none.
TEST_F(PostgresSessions, ASessionThatCouldNotBePreparedIsNotUsed) {
  Connection connection{{shared_cluster().create_database(), "SET ROLE nobody_of_this_name; ", 10s}};
  EXPECT_ANY_THROW(connection.ensure_open());
  EXPECT_ANY_THROW(connection.ensure_open());
}

// --- poolers ---

class PostgresPoolers : public PostgresSessions {
 protected:
  void SetUp() override {
    if (!PgBouncer::installed()) GTEST_SKIP() << "there is no pgbouncer on this machine";
  }
  const std::string direct_ = create_migrated_database();
};

TEST_F(PostgresPoolers, AServerIsToldFromAPooler) {
  Connection connection{{direct_, "", 10s}};
  connection.ensure_open();
  EXPECT_EQ(connection.peer(), Peer::server);
  EXPECT_THAT(postgres::look({.connection = direct_}).path, HasSubstr("the server itself"));
  const PgBouncer pooler{shared_cluster().host(), "session"};
  EXPECT_THAT(postgres::look({.connection = pooler.through(direct_)}).path, HasSubstr("a pooler answers"));
}

TEST_F(PostgresPoolers, OneThatKeepsServersForSessionsServesEveryStore) {
  const PgBouncer pooler{shared_cluster().host(), "session", "default_pool_size=20"};
  const PostgresOptions options{.connection = pooler.through(direct_)};
  PostgresDatabase database{options};
  database.migrate();
  PostgresDeliveryStore store{database, clock_};
  postgres::PostgresWorkListener listener{options};
  EXPECT_TRUE(listener.run_once(0ms));
  EXPECT_THAT(store.insert({{new_event("e1")}}, 0).results, Each(InsertResult::accepted));
  std::vector<delivery::Settlement> batch;
  for (auto& one : claim(store)) batch.push_back(success(std::move(one)));
  EXPECT_EQ(batch.size(), 1u);
  EXPECT_THAT(store.settle(batch), Each(delivery::SettleResult::settled));
  store.announce({});
  EXPECT_TRUE(listener.run_once(30s));
  EXPECT_EQ(database.general().borrow()->peer(), Peer::pooler);
  EXPECT_NO_THROW(database.tenant(acme_));
}

TEST_F(PostgresPoolers, OneThatLendsServersIsRefusedByNameAndNothingIsLeftInThem) {
  for (const auto* mode : {"transaction", "statement"}) {
    for (const auto* settings : {"", "server_round_robin=1", "min_pool_size=5", "default_pool_size=1"}) {
      SCOPED_TRACE(std::string{mode} + " " + settings);
      const PgBouncer pooler{shared_cluster().host(), mode, settings};
      const auto through = pooler.through(direct_);
      PostgresDatabase database{{.connection = through}};
      for (const auto& refusal :
           {refusal_of([&] { database.migrate(); }), refusal_of([&] { database.claim().borrow(); }),
            refusal_of([&] { database.tenant(acme_); })})
        EXPECT_THAT(refusal, HasSubstr("pool_mode=session"));
      EXPECT_EQ(ask(through, "SELECT current_user || current_setting('statement_timeout')"), "opi0");
    }
  }
}

TEST_F(PostgresPoolers, OneThatIsToldToLendServersIsRefusedFromThenOn) {
  PgBouncer pooler{shared_cluster().host(), "session"};
  const auto through = pooler.through(direct_);
  PostgresDatabase database{{.connection = through}};
  database.claim().borrow();
  database.settle().borrow();
  pooler.reload("transaction");
  // Whoever asks first may be answered by his own server once more.
  std::string refusal;
  for (int turn = 0; turn < 20 && refusal.empty(); ++turn) {
    refusal = refusal_of([&] { database.claim().borrow(); });
    if (refusal.empty()) refusal = refusal_of([&] { database.settle().borrow(); });
  }
  EXPECT_THAT(refusal, HasSubstr("pool_mode=session"));
  pooler.reload("session");
  EXPECT_NO_THROW(database.claim().borrow());
}

TEST_F(PostgresPoolers, OneWithoutAServerToSpareIsNotTrusted) {
  const PgBouncer pooler{shared_cluster().host(), "session", "default_pool_size=1"};
  PostgresDatabase database{{.connection = pooler.through(direct_)}};
  EXPECT_THAT(refusal_of([&] { database.claim().borrow(); }), HasSubstr("default_pool_size"));
}

TEST(Poolers, AServerThatSomebodyElseHadMeanwhileIsShared) {
  const auto always = [](std::string process) { return [process] { return process; }; };
  EXPECT_TRUE(postgres::keeps_its_server("7", always("7"), always("8")));
  EXPECT_FALSE(postgres::keeps_its_server("7", always("7"), always("7")));
  EXPECT_FALSE(postgres::keeps_its_server("7", always("9"), always("8")));
  // Somebody holds ours whenever the rival asks, but the last time.
  int asked = 0;
  EXPECT_FALSE(postgres::keeps_its_server("7", always("7"), [&] { return std::string{++asked < 8 ? "8" : "7"}; }));
}

}  // namespace
}  // namespace opi::test
