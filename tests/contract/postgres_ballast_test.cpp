#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "contract/postgres_fixture.hpp"
#include "postgres/postgres_vitals.hpp"
#include "postgres/postgres_write_probe.hpp"
#include "support/postgres_cluster.hpp"

namespace opi::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

// Snapshots that nobody lets go, and what they keep from being removed.
class PostgresBallast : public PostgresFixture {
 protected:
  using Session = std::unique_ptr<PGconn, decltype(&PQfinish)>;
  Session connected(const std::string& more = {}) {
    Session session{PQconnectdb((connection_ + more).c_str()), &PQfinish};
    if (PQstatus(session.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(session.get()));
    return session;
  }
  static std::string ask(const Session& session, const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(session.get(), sql.c_str()), &PQclear};
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQresultErrorMessage(result.get()));
    return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
  }
  std::vector<std::pair<std::string, std::string>> named(std::chrono::seconds patience = 0s,
                                                         std::int64_t too_many_dead = INT64_MAX) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& one : postgres::look(options_, patience, too_many_dead).ballasts) {
      EXPECT_FALSE(one.grave);
      all.emplace_back(one.message, one.remedy);
    }
    return all;
  }
  static bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }
  void churn(const Session& session, int rows) {
    ask(session,
        "INSERT INTO integration_outbox (tenant_id, delivery_id, destination_id, event_id, idempotency_key, due_at, "
        "created_at) SELECT 'acme', gen_random_uuid(), gen_random_uuid(), 'e', sha256('x'), now(), now() "
        "FROM generate_series(1, " +
            std::to_string(rows) + ")");
    ask(session, "DELETE FROM integration_outbox");
    ask(session, "SELECT pg_stat_force_next_flush()");  // before a vacuum counts for itself
  }

  PostgresCluster cluster_{{.settings = {"max_prepared_transactions=2", "autovacuum=off"}}};
  const std::string connection_ = cluster_.create_database();
  const postgres::PostgresOptions options_{.connection = connection_};
  postgres::PostgresDatabase database_{options_};
  bool migrated_ = (database_.migrate(), true);
  postgres::PostgresWriteProbe probe_{options_};
};

TEST_F(PostgresBallast, AnOpenSnapshotIsNamedWithWhoHoldsItAndWhatToDo) {
  EXPECT_THAT(named(), IsEmpty());
  const auto reader = connected(" application_name=pg_dump");
  ask(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ");
  ask(reader, "SELECT count(*) FROM integration_outbox");
  const auto pid = ask(reader, "SELECT pg_backend_pid()");
  EXPECT_THAT(named(), ElementsAre(testing::Pair(
                           AllOf(HasSubstr("removes nothing that ended in the last"), HasSubstr("session " + pid),
                                 HasSubstr("pg_dump"), HasSubstr("idle in transaction")),
                           HasSubstr("pg_terminate_backend(" + pid + ")"))));
  EXPECT_THAT(named(10min), IsEmpty()) << "not for so long yet";
  EXPECT_GT(probe_.weigh().value().oldest_snapshot, 0ms);
  ask(reader, "COMMIT");
  EXPECT_THAT(named(), IsEmpty());
  EXPECT_EQ(probe_.weigh().value().oldest_snapshot, 0ms);
}

TEST_F(PostgresBallast, APreparedTransactionIsNamedWhateverItIsCalled) {
  const auto session = connected();
  ask(session, "BEGIN");
  ask(session, "INSERT INTO tenants (tenant_id, name, revision) VALUES ('acme', 'Acme', 1)");
  ask(session, "PREPARE TRANSACTION E'left \\x1b[31m over'");
  EXPECT_THAT(named(), ElementsAre(testing::Pair(
                           AllOf(HasSubstr("prepared transaction 'left ?[31m over' of opi"), Not(HasSubstr("\x1b"))),
                           HasSubstr("ROLLBACK PREPARED"))));
  EXPECT_GT(probe_.weigh().value().oldest_snapshot, 0ms);
  ask(session, "ROLLBACK PREPARED E'left \\x1b[31m over'");
  EXPECT_THAT(named(), IsEmpty());
}

TEST_F(PostgresBallast, DeadRowsAreToldWithTheirShareAndTheirReason) {
  const auto reader = connected(), writer = connected();
  ask(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ");
  ask(reader, "SELECT count(*) FROM integration_outbox");
  churn(writer, 1'000);
  ask(writer, "VACUUM integration_outbox");
  EXPECT_EQ(probe_.weigh().value().dead_rows, 1'000);
  EXPECT_THAT(postgres::look(options_, 0s).ballast, HasSubstr("about 0 rows, and 1000 dead ones (100 %)"));
  EXPECT_THAT(named(0s, 1'000),
              testing::Contains(testing::Pair(HasSubstr("1000 dead ones"), HasSubstr("once they are let go"))));
  EXPECT_THAT(named(10min, 1'001), IsEmpty());
  EXPECT_THAT(named(10min, 1'000),
              ElementsAre(testing::Pair(HasSubstr("1000 dead ones"), HasSubstr("see that autovacuum runs"))));
  ask(reader, "COMMIT");
  ask(writer, "VACUUM integration_outbox");
  EXPECT_EQ(probe_.weigh().value().dead_rows, 0);
}

// What a standby holds, the server knows by its feedback, or by its slot, which outlives it.
TEST_F(PostgresBallast, AReplicaThatTellsOfItsSnapshotsIsNamedAndSoIsItsSlot) {
  const auto here = connected();
  ask(here, "SELECT pg_create_physical_replication_slot('mirror')");
  PostgresCluster standby(
      {.settings = {"max_prepared_transactions=2", "hot_standby_feedback=on", "wal_receiver_status_interval=1s"},
       .standby_of = &cluster_});
  const auto there = connected(" host=" + standby.host().string());
  const auto begin = [&] {
    ask(there, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    ask(there, "SELECT count(*) FROM integration_outbox");
    return ask(there, "SELECT pg_snapshot_xmin(pg_current_snapshot())");
  };
  const std::string of_replica = "SELECT backend_xmin FROM pg_stat_replication";
  const std::string of_slot = "SELECT xmin FROM pg_replication_slots";

  const auto first = begin();
  ASSERT_TRUE(eventually([&] { return ask(here, of_replica) == first; }));
  EXPECT_TRUE(eventually([&] { return probe_.weigh().value().oldest_snapshot > 0ms; }));
  churn(here, 10);
  ask(here, "VACUUM integration_outbox");
  EXPECT_EQ(probe_.weigh().value().dead_rows, 10);
  EXPECT_THAT(named(), ElementsAre(testing::Pair(HasSubstr(" transactions: a replica, walreceiver (local)"),
                                                 HasSubstr("hot_standby_feedback=off"))));
  ask(here, "CREATE ROLE looker LOGIN");
  ask(here, "GRANT SELECT ON schema_migrations TO looker");
  std::string remedy;
  EXPECT_TRUE(eventually([&] {  // a session that has just been closed may still be counted
    const auto ours = ask(here, "SELECT count(*) + 1 FROM pg_stat_activity WHERE datname = current_database()");
    remedy = postgres::look({.connection = connection_ + " user=looker"}, 0s, 10).ballasts.at(0).remedy;
    return remedy.find("; " + ours + " sessions of other logins") != std::string::npos;
  })) << "the replica is one of them: "
      << remedy;

  // One that keeps up holds nothing for long, whatever it tells.
  ask(there, "COMMIT");
  ASSERT_TRUE(eventually([&] {
    churn(here, 1);
    return ask(here, of_replica) != first;
  }));
  EXPECT_EQ(probe_.weigh().value().oldest_snapshot, 0ms);

  const auto second = begin();
  const auto its_operator = connected(" host=" + standby.host().string());
  ask(its_operator, "ALTER SYSTEM SET primary_slot_name = 'mirror'");
  ask(its_operator, "SELECT pg_reload_conf()");
  ASSERT_TRUE(eventually([&] { return ask(here, of_slot) == second; }));
  EXPECT_THAT(named(), ElementsAre(testing::Pair(HasSubstr("replication slot mirror, in use"),
                                                 HasSubstr("end the long query on its standby"))));
  standby.kill_hard();
  const auto left = testing::Pair(HasSubstr("replication slot mirror, which nobody uses"),
                                  HasSubstr("pg_drop_replication_slot('mirror')"));
  EXPECT_TRUE(eventually([&] { return testing::Matches(ElementsAre(left))(named()); }));
  EXPECT_TRUE(eventually([&] { return probe_.weigh().value().oldest_snapshot > 0ms; }));
  ask(here, "SELECT pg_drop_replication_slot('mirror')");
  EXPECT_THAT(named(), IsEmpty());
  EXPECT_EQ(probe_.weigh().value().oldest_snapshot, 0ms);
}

// What others hold is hidden from a login without the right to see it: then that is said.
TEST_F(PostgresBallast, SessionsThatMayNotBeSeenAreCounted) {
  const auto owner = connected();
  ask(owner, "CREATE ROLE looker LOGIN");
  const auto other = connected();
  ask(other, "BEGIN ISOLATION LEVEL REPEATABLE READ");
  ask(other, "SELECT count(*) FROM integration_outbox");
  churn(owner, 10);
  ask(owner, "VACUUM integration_outbox");
  ask(owner, "GRANT SELECT ON schema_migrations TO looker");
  const postgres::PostgresOptions as_looker{.connection = connection_ + " user=looker"};
  const auto found = postgres::look(as_looker, 0s, 10).ballasts;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].remedy, AllOf(HasSubstr("sessions of other logins"), HasSubstr("GRANT pg_read_all_stats")));
}

TEST_F(PostgresBallast, OfADatabaseWithoutOurSchemaThereIsNothingToSay) {
  EXPECT_EQ(postgres::look({.connection = cluster_.create_database()}, 0s).ballast, "");
}

}  // namespace
}  // namespace opi::test
