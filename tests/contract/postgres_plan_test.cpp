#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <memory>
#include <stdexcept>

#include "contract/postgres_fixture.hpp"
#include "contract/shared_cluster.hpp"
#include "postgres/postgres_catalog_store.hpp"
#include "postgres/subject_order.hpp"

namespace opi::test {
namespace {

using delivery::InsertResult;
using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

std::string scalar(const std::string& connection, const char* sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> session{PQconnectdb(connection.c_str()), &PQfinish};
  const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(session.get(), sql), &PQclear};
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return {};
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) throw std::runtime_error(PQresultErrorMessage(result.get()));
  return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
}

using PostgresPlans = PostgresFixture;

// Of tables that were analysed while empty the planner believes that any plan is as good as another; that happens
// to every queue that runs dry, and once made the claim read all events for each claimed row (0.8k/s for 26k/s).
TEST_F(PostgresPlans, NoStatementOfADeliverysWayReadsATableWhateverTheStatisticsSay) {
  constexpr int deliveries = 2'000, batch = 50;
  const std::string connection = shared_cluster().create_database();
  {
    postgres::PostgresDatabase database{{.connection = connection}};
    database.migrate();
    scalar(connection, "VACUUM ANALYZE");
    postgres::PostgresDeliveryStore store{database, clock_};
    // Each statement is planned once, when it is first used: here on the empty tables.
    ASSERT_THAT(claim(store), IsEmpty());
    for (int first = 0; first < deliveries; first += batch) {
      std::vector<delivery::NewEvent> events;
      for (int i = first; i < first + batch; ++i) events.push_back(new_event("e" + std::to_string(i)));
      ASSERT_THAT(store.insert(events, 0).results, Each(InsertResult::accepted));
      ASSERT_THAT(store.insert(events, 0).results, Each(InsertResult::duplicate));
    }
    for (int done = 0; done < deliveries; done += batch) {
      auto claims = store.claim({{{destination_, batch}}}, {"daemon-1", std::chrono::seconds{30}});
      ASSERT_THAT(claims, SizeIs(batch));
      std::vector<delivery::Settlement> settlements;
      for (auto& claim : claims) settlements.push_back(success(std::move(claim)));
      ASSERT_THAT(store.settle(settlements), Each(delivery::SettleResult::settled));
    }
  }  // a session that ends reports what it read

  // Each row is looked up a handful of times on its way. A plan that reads a table a batch reads 40 times as much.
  constexpr const char* most_read =
      "SELECT relname || '.' || indexrelname || ' ' || idx_tup_read FROM pg_stat_user_indexes "
      "WHERE idx_tup_read > 8 * 2000 ORDER BY idx_tup_read DESC LIMIT 1";
  constexpr const char* most_scanned =
      "SELECT relname || ' ' || seq_tup_read FROM pg_stat_user_tables "
      "WHERE seq_tup_read > 8 * 2000 ORDER BY seq_tup_read DESC LIMIT 1";
  constexpr const char* claimed_events =
      "SELECT idx_tup_read >= 2000 FROM pg_stat_user_indexes WHERE indexrelname = 'integration_events_pkey'";
  for (int i = 0; scalar(connection, claimed_events) != "t"; ++i) {
    ASSERT_LT(i, 1'000) << "the sessions never reported what they read";
    scalar(connection, "SELECT pg_sleep(0.01)");
  }
  EXPECT_EQ(scalar(connection, most_read), "");
  EXPECT_EQ(scalar(connection, most_scanned), "");
}

// To a planner that takes a table for empty any index that begins with the tenant is as good as the primary key: of a
// queue's tables the others are partial, by a condition that only those state who want them.
TEST_F(PostgresPlans, NoOtherIndexStandsForThePrimaryKeyOfWhatADeliverysWayReads) {
  const std::string connection = shared_cluster().create_database();
  postgres::PostgresDatabase database{{.connection = connection}};
  database.migrate();
  EXPECT_EQ(
      scalar(connection,
             "SELECT string_agg(i.indexrelid::regclass::text, ' ') FROM pg_index i "
             "JOIN pg_am m ON m.amname = 'btree' "
             "JOIN pg_class c ON c.oid = i.indexrelid AND c.relam = m.oid "
             "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = 'tenant_id' "
             "WHERE NOT i.indisprimary AND i.indpred IS NULL AND i.indrelid IN ('integration_outbox'::regclass, "
             "'integration_events'::regclass, "
             "'integration_delivery_attempts'::regclass)"),
      "");
}

// Neither a look for what is due nor one for what is stranded costs by what waits.
TEST_F(PostgresPlans, ALookAtWhatWaitsReadsARowADestinationOrSubject) {
  constexpr const char* fetched =
      "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'integration_outbox'";
  const std::string connection = shared_cluster().create_database();
  std::vector<delivery::DueSearch> searches;
  {
    postgres::PostgresDatabase database{{.connection = connection}};
    database.migrate();
    for (int n = 0; n < 5; ++n) {
      searches.push_back({DestinationId{new_uuid()}});
      const std::string id = "'" + searches.back().destination.to_string() + "'";
      scalar(connection, ("INSERT INTO integration_outbox (tenant_id, delivery_id, destination_id, event_id, "
                          "idempotency_key, due_at, created_at, subject) SELECT 'acme', gen_random_uuid(), " +
                          id +
                          ", 'e' || i, sha256(i::text::bytea), now(), now(), CASE i % 2 WHEN 0 THEN '' ELSE 'ticket' "
                          "END FROM generate_series(1, 4000) i")
                             .c_str());
    }
    scalar(connection, "ANALYZE integration_outbox");
    scalar(connection, "SELECT pg_stat_reset()");
    postgres::PostgresDeliveryStore store{database, clock_};
    EXPECT_THAT(store.due_destinations(searches), SizeIs(5));
    EXPECT_EQ(store.wake_stranded(), 0);
  }  // a session that ends reports what it read
  for (int i = 0; scalar(connection, fetched) == "0"; ++i) {
    ASSERT_LT(i, 1'000) << "the sessions never reported what they read";
    scalar(connection, "SELECT pg_sleep(0.01)");
  }
  EXPECT_LT(std::stoi(scalar(connection, fetched)), 200);
}

// Nor does what becomes of a subject when the first of it has gone, or when one of it comes back.
TEST_F(PostgresPlans, WhatGoesNextOfASubjectIsFoundWithoutReadingAllThatWaitsBehindIt) {
  constexpr const char* fetched =
      "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'integration_outbox'";
  const std::string connection = shared_cluster().create_database();
  {
    postgres::PostgresDatabase database{{.connection = connection}};
    database.migrate();
    std::vector<postgres::OrderedSubject> subjects;
    std::vector<DeliveryId> came_back;
    for (int n = 0; n < 5; ++n) {
      subjects.push_back({DestinationId{new_uuid()}, "ticket"});
      came_back.push_back(DeliveryId{new_uuid()});
      scalar(
          connection,
          ("INSERT INTO integration_outbox (tenant_id, delivery_id, destination_id, event_id, "
           "idempotency_key, due_at, created_at, subject, place) SELECT 'acme', CASE i WHEN 0 THEN '" +
           came_back.back().to_string() + "' ELSE gen_random_uuid() END, '" + subjects.back().destination.to_string() +
           "', 'e' || i, sha256(i::text::bytea), CASE WHEN i = 0 OR i > 2000 THEN now() ELSE 'infinity' END, "
           "now(), CASE WHEN i > 2000 THEN 'another ' || i ELSE 'ticket' END, i "
           "FROM generate_series(0, 4000) i")
              .c_str());
    }
    scalar(connection, "ANALYZE integration_outbox");
    scalar(connection, "SELECT pg_stat_reset()");
    auto session = database.settle().borrow();
    postgres::wait_for_turn(*session, TenantId::parse("acme").value(), came_back);
    EXPECT_EQ(postgres::wake_next(*session, subjects), 0) << "the first of each is due";
    for (const auto& id : came_back)
      scalar(connection,
             ("DELETE FROM integration_outbox WHERE tenant_id = 'acme' AND delivery_id = '" + id.to_string() + "'")
                 .c_str());
    EXPECT_EQ(postgres::wake_next(*session, subjects), 5);
  }
  for (int i = 0; scalar(connection, fetched) == "0"; ++i) {
    ASSERT_LT(i, 1'000) << "the sessions never reported what they read";
    scalar(connection, "SELECT pg_sleep(0.01)");
  }
  EXPECT_LT(std::stoi(scalar(connection, fetched)), 200);
}

// Whoever puts a credential looks among what all tenants have put.
TEST_F(PostgresPlans, ALookAtTheReceiversOfSecretsReadsAPageOfAnIndex) {
  constexpr int page = delivery::SecretReceiverLimits::page;
  const std::string connection = shared_cluster().create_database();
  {
    postgres::PostgresDatabase database{{.connection = connection}};
    database.migrate();
    scalar(connection,
           "INSERT INTO integration_secret_receivers "
           "SELECT 'acme', 'mem://many/' || i, 'r' FROM generate_series(1, 20000) i");
    scalar(connection, "ANALYZE integration_secret_receivers");
    postgres::PostgresCatalogStore catalog{database};
    ASSERT_THAT(catalog.secret_receivers("mem", std::nullopt), SizeIs(page));
  }  // a session that ends reports what it read
  constexpr const char* read =
      "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'integration_secret_receivers_of_all'";
  for (int i = 0; std::stoi(scalar(connection, read)) < page; ++i) {
    ASSERT_LT(i, 1'000) << "the index was not read, or that was never reported";
    scalar(connection, "SELECT pg_sleep(0.01)");
  }
  EXPECT_LT(std::stoi(scalar(connection, read)), 2 * page);
}

}  // namespace
}  // namespace opi::test
