#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <thread>

#include "contract/postgres_fixture.hpp"
#include "contract/shared_cluster.hpp"
#include "crypto/digest.hpp"
#include "domain/store_errors.hpp"
#include "postgres/postgres_catalog_store.hpp"
#include "postgres/postgres_delivery_query.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "postgres/postgres_work_listener.hpp"
#include "support/cutting_proxy.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace opi::test {
namespace {

using delivery::InsertResult;
using postgres::PostgresDatabase;
using postgres::PostgresDeliveryStore;
using postgres::PostgresOptions;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;
using testing::SizeIs;
using namespace std::chrono_literals;

using PostgresFaults = PostgresFixture;

TEST_F(PostgresFaults, AKilledServerIsUnavailableAndThenBackWithTheSameObjects) {
  PostgresCluster cluster;
  const PostgresOptions options{.connection = cluster.create_database()};
  PostgresDatabase database{options};
  database.migrate();
  PostgresDeliveryStore store{database, clock_};
  postgres::PostgresDeliveryQuery query{database};
  postgres::PostgresCatalogStore catalog{database};
  ASSERT_THAT(store.insert({{new_event("e1")}}, 0).results, Each(InsertResult::accepted));
  std::vector<delivery::Settlement> batch;
  for (auto& one : claim(store)) batch.push_back(success(std::move(one)));
  ASSERT_THAT(batch, SizeIs(1));

  cluster.kill_hard();
  for (int round = 0; round < 2; ++round) {  // on connections that broke, and on none
    EXPECT_THROW(store.insert({{new_event("e2")}}, 0), StoreUnavailable);
    EXPECT_THROW(store.settle(batch), StoreUnavailable);
    EXPECT_THROW(claim(store), StoreUnavailable);
    EXPECT_THROW(store.announce({}), StoreUnavailable);
    EXPECT_THROW(query.list(acme_, {}), StoreUnavailable);
    EXPECT_THROW(catalog.load(), StoreUnavailable);
  }

  cluster.start();
  EXPECT_THAT(store.settle(batch), Each(delivery::SettleResult::settled));
  EXPECT_THAT(store.insert({{new_event("e2")}}, 0).results, Each(InsertResult::accepted));
  const auto next = claim(store);
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0]->event->event_id.str(), "e2");
  EXPECT_THAT(query.list(acme_, {}), SizeIs(2));
  EXPECT_EQ(catalog.load().revision, 0);
  store.announce({});
}

// Claims are not synchronous: the crash forgets this one, and its token may not be given out again.
TEST_F(PostgresFaults, ATokenOfAForgottenClaimIsNotIssuedAgain) {
  PostgresDatabase database{{.connection = shared_cluster().create_database()}};
  database.migrate();
  PostgresDeliveryStore store{database, clock_};
  store.insert({{new_event("e1")}}, 0);
  auto forgotten = claim(store);
  ASSERT_THAT(forgotten, SizeIs(1));
  database.general().borrow()->execute(
      {"forget",
       "UPDATE integration_outbox SET state = 'pending', lease_token = 0, locked_by = NULL, "
       "locked_until = NULL"});
  const auto next = claim(store);
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_NE(next[0]->lease, forgotten[0]->lease);
}

TEST_F(PostgresFaults, AServerThatNeverWasThereIsUnavailable) {
  PostgresDatabase database{{.connection = "host=/nonexistent user=opi password=geheim dbname=x"}};
  PostgresDeliveryStore store{database, clock_};
  try {
    store.insert({{new_event("e1")}}, 0);
    FAIL() << "was stored";
  } catch (const StoreUnavailable& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("geheim")));
  }
  EXPECT_THROW(database.migrate(), StoreUnavailable);
}

TEST_F(PostgresFaults, SessionsThatDiedIdleAreReplacedUnnoticed) {
  const auto connection = shared_cluster().create_database();
  PostgresDatabase database{{.connection = connection}};
  database.migrate();
  PostgresDeliveryStore store{database, clock_};
  store.insert({{new_event("e1")}}, 0);
  store.stored({{new_event("e1")}});
  const std::unique_ptr<PGconn, decltype(&PQfinish)> admin{PQconnectdb(connection.c_str()), &PQfinish};
  const auto ask = [&](const char* sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> rows{PQexec(admin.get(), sql), &PQclear};
    return std::string{PQgetvalue(rows.get(), 0, 0)};
  };
  const char* others =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
      "pg_backend_pid() AND backend_type = 'client backend'";
  ASSERT_NE(ask(others), "0");
  ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND "
      "pid <> pg_backend_pid() AND backend_type = 'client backend'");
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (ask(others) != "0") ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  EXPECT_THAT(store.insert({{new_event("e2")}}, 0).results, Each(InsertResult::accepted));
}

// --- a commit whose answer is lost ---

class PostgresInDoubt : public PostgresFaults {
 protected:
  explicit PostgresInDoubt(std::chrono::milliseconds statement_timeout = PostgresOptions{}.statement_timeout)
      : cut_{{.connection = through(proxy_, connection_), .statement_timeout = statement_timeout}} {
    direct_.migrate();
  }
  static std::string through(const CuttingProxy& proxy, const std::string& direct) {
    return "host=" + proxy.host() + direct.substr(direct.find(' '));
  }
  const std::string connection_ = shared_cluster().create_database();
  CuttingProxy proxy_{shared_cluster().socket()};
  PostgresDatabase direct_{{.connection = connection_}};
  PostgresDatabase cut_;
  PostgresDeliveryStore store_{cut_, clock_};
};

TEST_F(PostgresInDoubt, ACommitThatWasNotPassedOnIsInDoubtAndReadsBackAsAbsent) {
  const auto one = new_event("e1");
  EXPECT_THAT(store_.stored({{one}}), Each(false));
  proxy_.arm(CuttingProxy::Fault::cut_before_commit);
  EXPECT_THROW(store_.insert({{one}}, 0), CommitInDoubt);
  proxy_.arm(CuttingProxy::Fault::none);
  EXPECT_THAT(store_.stored({{one}}), Each(false));
  EXPECT_THAT(store_.insert({{one}}, 0).results, Each(InsertResult::accepted));
}

TEST_F(PostgresInDoubt, ACommitWhoseAnswerWasLostIsInDoubtAndReadsBackAsStored) {
  const auto one = new_event("e1");
  proxy_.arm(CuttingProxy::Fault::cut_after_commit);
  EXPECT_THROW(store_.insert({{one}}, 0), CommitInDoubt);
  proxy_.arm(CuttingProxy::Fault::none);
  EXPECT_THAT(store_.stored({{one}}), Each(true));
}

TEST_F(PostgresInDoubt, ASettlementInDoubtIsSubmittedAgainAndSettledOnce) {
  for (const auto fault : {CuttingProxy::Fault::cut_before_commit, CuttingProxy::Fault::cut_after_commit}) {
    store_.insert({{new_event(fault == CuttingProxy::Fault::cut_before_commit ? "e1" : "e2")}}, 0);
    std::vector<delivery::Settlement> batch;
    for (auto& one : claim(store_)) batch.push_back(success(std::move(one)));
    ASSERT_THAT(batch, SizeIs(1));
    proxy_.arm(fault);
    EXPECT_THROW(store_.settle(batch), CommitInDoubt);
    proxy_.arm(CuttingProxy::Fault::none);
    EXPECT_THAT(store_.settle(batch), Each(delivery::SettleResult::settled));
  }
  EXPECT_THAT(postgres::PostgresDeliveryQuery{direct_}.list(acme_, {.states = {DeliveryState::delivered}}), SizeIs(2));
}

// The deadline passes in earnest here, and leaves a busy machine time for the statements before the fault.
struct PostgresSilence : PostgresInDoubt {
  PostgresSilence() : PostgresInDoubt(4s) {}
};

TEST_F(PostgresSilence, AServerThatFallsSilentIsGivenUpAtTheDeadline) {
  store_.insert({{new_event("e1")}}, 0);
  proxy_.arm(CuttingProxy::Fault::stall);
  EXPECT_THROW(store_.insert({{new_event("e2")}}, 0), StoreUnavailable);
  proxy_.arm(CuttingProxy::Fault::none);
  EXPECT_THAT(store_.insert({{new_event("e2")}}, 0).results, Each(InsertResult::accepted));
}

// The end of a program that stops: whoever waits, and would for an hour, does not any more.
struct PostgresClosing : PostgresInDoubt {
  PostgresClosing() : PostgresInDoubt(1h) {}
  const std::shared_ptr<postgres::ClosingTime> closing_ = std::make_shared<postgres::ClosingTime>();
  PostgresDatabase closable_{
      {.connection = through(proxy_, connection_), .statement_timeout = 1h, .closing = closing_}};
};

TEST_F(PostgresClosing, WhatIsUnderWayIsGivenUpAndNothingIsBegun) {
  auto session = closable_.general().borrow();
  proxy_.arm(CuttingProxy::Fault::stall);
  std::thread closer([&] { closing_->set(std::chrono::steady_clock::now()); });
  EXPECT_THROW(session->execute({"one", "SELECT 1"}), StoreUnavailable);
  closer.join();
  proxy_.arm(CuttingProxy::Fault::none);
  EXPECT_THROW(session->ensure_open(), StoreUnavailable);
  EXPECT_THROW(closable_.claim().borrow(), StoreUnavailable);
  EXPECT_NO_THROW(cut_.claim().borrow()) << "of other programs it says nothing";
}

TEST_F(PostgresClosing, ACommitThatIsUnderWayIsInDoubt) {
  PostgresDeliveryStore store{closable_, clock_};
  proxy_.arm(CuttingProxy::Fault::stall_at_commit);
  std::thread closer([&] {
    const auto locks = "SELECT count(*) FROM pg_locks WHERE relation = 'integration_events'::regclass";
    while (direct_.general().borrow()->script(locks, "look").text(0, 0) == "0") std::this_thread::yield();
    closing_->set(std::chrono::steady_clock::now());
  });
  EXPECT_ANY_THROW(store.insert({{new_event("e1")}}, 0));
  closer.join();
  EXPECT_THAT(PostgresDeliveryStore(direct_, clock_).stored({{new_event("e1")}}), Each(false));
}

TEST_F(PostgresSilence, ACommitThatIsNeverAnsweredIsInDoubtAtTheDeadline) {
  proxy_.arm(CuttingProxy::Fault::stall_at_commit);
  EXPECT_THROW(store_.insert({{new_event("e1")}}, 0), CommitInDoubt);
}

// --- bounds ---

TEST_F(PostgresFaults, AStatementEndsAtItsTimeout) {
  PostgresDatabase database{{.connection = shared_cluster().create_database(), .statement_timeout = 1s}};
  auto session = database.general().borrow();
  EXPECT_THROW(session->execute({"sleep", "SELECT pg_sleep(60)"}), StoreUnavailable);
  EXPECT_NO_THROW(session->execute({"one", "SELECT 1"}));
}

TEST_F(PostgresFaults, ASessionIsWaitedForNoLongerThanTheTimeout) {
  PostgresDatabase database{
      {.connection = shared_cluster().create_database(), .borrow_timeout = 20ms, .general_sessions = 1}};
  const auto held = database.general().borrow();
  EXPECT_THROW(database.general().borrow(), StoreUnavailable);
  EXPECT_NO_THROW(database.intake().borrow());
}

TEST_F(PostgresFaults, AConnectionStringThatCannotBeUsedIsRefusedWithoutQuotingIt) {
  for (const auto* bad : {"geheim", "host=/tmp password='ge heim'", "postgresql://user:ge%20heim@/x"}) {
    try {
      PostgresDatabase database{{.connection = bad}};
      FAIL() << bad;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("heim")));
    }
  }
}

TEST_F(PostgresFaults, ConnectionStringsMayQuoteEscapeAndBeUris) {
  const auto plain = shared_cluster().create_database();  // "host=<folder> port=5432 user=opi dbname=<name>"
  const auto folder = plain.substr(5, plain.find(' ') - 5);
  const auto name = plain.substr(plain.rfind('=') + 1);
  std::string encoded;
  for (const char c : folder) encoded += c == '/' ? std::string{"%2F"} : std::string{c};
  for (const auto& connection :
       {"host='" + folder + "' port=5432 user=opi password='it\\'s\\\\' dbname = '" + name + "'",
        "postgresql://opi:a%27b@" + encoded + ":5432/" + name}) {
    PostgresDatabase database{{.connection = connection}};
    EXPECT_NO_THROW(database.general().borrow()->execute({"one", "SELECT 1"})) << connection;
  }
}

TEST_F(PostgresFaults, NoIndexOfTheHotTableHoldsWhatAClaimChanges) {
  PostgresDatabase database{{.connection = shared_cluster().create_database()}};
  database.migrate();
  auto session = database.general().borrow();
  const auto rows =
      session->execute({"indexes", "SELECT indexdef FROM pg_indexes WHERE tablename = 'integration_outbox'"});
  ASSERT_GE(rows.size(), 2);
  for (int i = 0; i < rows.size(); ++i)
    for (const auto* column : {"state", "lease_token", "locked_by", "locked_until"})
      EXPECT_THAT(rows.string(i, 0), Not(HasSubstr(column)));
}

// --- LISTEN ---

TEST_F(PostgresFaults, AnAnnouncementWakesTheListenerOfAnotherDaemon) {
  const PostgresOptions options{.connection = shared_cluster().create_database()};
  PostgresDatabase database{options};
  PostgresDeliveryStore store{database, clock_};
  postgres::PostgresWorkListener listener{options};
  EXPECT_THAT(listener.run_once(0ms), Optional(IsEmpty()));  // connected: something may have come before
  EXPECT_EQ(listener.run_once(0ms), std::nullopt);
  store.announce({});
  store.announce({});
  EXPECT_THAT(listener.run_once(30s), Optional(IsEmpty()));
}

TEST_F(PostgresFaults, TheListenerComesBackWithTheServer) {
  PostgresCluster cluster;
  const PostgresOptions options{.connection = cluster.create_database()};
  PostgresDatabase database{options};
  database.migrate();
  PostgresDeliveryStore store{database, clock_};
  postgres::PostgresWorkListener listener{options};
  listener.run_once(0ms);
  cluster.stop();
  EXPECT_THROW(listener.run_once(30s), StoreUnavailable);
  EXPECT_THROW(listener.run_once(30s), StoreUnavailable);
  cluster.start();
  EXPECT_THAT(listener.run_once(0ms), Optional(IsEmpty()));
  store.announce({{destination_}});
  EXPECT_THAT(listener.run_once(30s), Optional(ElementsAre(destination_)));
}

}  // namespace
}  // namespace opi::test
