#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <memory>
#include <set>
#include <stdexcept>

#include "contract/postgres_fixture.hpp"
#include "contract/shared_cluster.hpp"
#include "postgres/postgres_work_listener.hpp"
#include "postgres/work_channel.hpp"

namespace opi::test {
namespace {

using delivery::InsertResult;
using postgres::PostgresDatabase;
using postgres::PostgresDeliveryStore;
using testing::Each;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;
using testing::SizeIs;
using namespace std::chrono_literals;

// Leases in their own table, and what is found without it.
class PostgresLeases : public PostgresFixture {
 protected:
  std::string ask(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(side_door_.get(), sql.c_str()), &PQclear};
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQresultErrorMessage(result.get()));
    return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
  }
  int leases() { return std::stoi(ask("SELECT count(*) FROM integration_leases")); }
  void given(PostgresDeliveryStore& store, int count, int first = 0) {
    std::vector<delivery::NewEvent> events;
    for (int i = first; i < first + count; ++i) events.push_back(new_event("e" + std::to_string(i)));
    ASSERT_THAT(store.insert(events, 0).results, Each(InsertResult::accepted));
  }
  std::vector<delivery::Claim> claimed(int limit) { return store_.claim({{{destination_, limit}}}, {"daemon-1", 30s}); }
  void expire() {
    ask("UPDATE integration_outbox SET locked_until = now() - interval '1 ms' WHERE state = 'delivering'");
    ask("UPDATE integration_leases SET leased_until = now() - interval '1 ms'");
  }

  const std::string connection_ = create_migrated_database();
  std::unique_ptr<PGconn, decltype(&PQfinish)> side_door_{PQconnectdb(connection_.c_str()), &PQfinish};
  PostgresDatabase database_{{.connection = connection_}};
  // Finds what is written of leases, and nothing by looking through the outbox.
  static constexpr postgres::RescueLimits by_leases{.blocks_a_page = 0};
  PostgresDeliveryStore store_{database_, clock_, by_leases};
};

TEST_F(PostgresLeases, AClaimWritesThemFiftyARowAndASettlementTouchesNone) {
  given(store_, 101);
  auto claims = claimed(101);
  ASSERT_THAT(claims, SizeIs(101));
  EXPECT_EQ(leases(), 3);
  EXPECT_EQ(ask("SELECT count(DISTINCT d) FROM integration_leases, unnest(deliveries) d"), "101");
  EXPECT_EQ(ask("SELECT count(*) FROM integration_leases, unnest(destinations) d WHERE d = '" +
                destination_.to_string() + "'"),
            "101");
  EXPECT_EQ(ask("SELECT count(*) FROM integration_leases WHERE daemon_id <> 'daemon-1'"), "0");
  std::vector<delivery::Settlement> settlements;
  for (auto& one : claims) settlements.push_back(success(std::move(one)));
  ASSERT_THAT(store_.settle(settlements), Each(delivery::SettleResult::settled));
  EXPECT_EQ(leases(), 3);
  EXPECT_THAT(claimed(5), IsEmpty());
  EXPECT_EQ(leases(), 3) << "where nothing was claimed nothing is leased";
  EXPECT_THAT(store_.take_over_expired(10, "daemon-2", 30s), IsEmpty());
  EXPECT_EQ(leases(), 3) << "their time is not over";
  expire();
  EXPECT_THAT(store_.take_over_expired(10, "daemon-2", 30s), IsEmpty());
  EXPECT_EQ(leases(), 0);
}

TEST_F(PostgresLeases, WhatIsTakenOverIsLeasedAnewAndTheFormerRowGoes) {
  given(store_, 3);
  const auto claims = claimed(3);
  expire();
  const auto taken = store_.take_over_expired(2, "daemon-2", 30s);
  ASSERT_THAT(taken, SizeIs(2));
  EXPECT_EQ(leases(), 2) << "one delivery of the former is left";
  EXPECT_THAT(store_.take_over_expired(2, "daemon-3", 30s), SizeIs(1));
  EXPECT_THAT(store_.take_over_expired(2, "daemon-3", 30s), IsEmpty());
  EXPECT_EQ(ask("SELECT string_agg(daemon_id, ' ' ORDER BY daemon_id) FROM integration_leases"), "daemon-2 daemon-3");
}

TEST_F(PostgresLeases, OneThatIsBeingSettledIsLeftAloneAndNotForgotten) {
  given(store_, 2);
  const auto claims = claimed(2);
  expire();
  ask("BEGIN");
  ask("SELECT 1 FROM integration_outbox WHERE delivery_id = '" + claims[0]->delivery.to_string() + "' FOR UPDATE");
  const auto taken = store_.take_over_expired(10, "daemon-2", 30s);
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0]->delivery, claims[1]->delivery);
  ask("ROLLBACK");
  const auto rest = store_.take_over_expired(10, "daemon-2", 30s);
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(rest[0]->delivery, claims[0]->delivery);
}

TEST_F(PostgresLeases, OneThatWasGivenBackAndClaimedAgainIsTakenOverOnceAndByItsLatestLease) {
  given(store_, 1);
  store_.release(claimed(1));
  ask("UPDATE integration_leases SET leased_until = now() - interval '1 ms'");
  ASSERT_THAT(claimed(1), SizeIs(1));
  EXPECT_THAT(store_.take_over_expired(10, "daemon-2", 30s), IsEmpty()) << "the former lease is over, not the latter";
  EXPECT_EQ(leases(), 1);
  store_.release(store_.claim({{{destination_, 1}}}, {"daemon-1", 30s}));
  expire();
  EXPECT_THAT(store_.take_over_expired(10, "daemon-2", 30s), SizeIs(1));
}

TEST_F(PostgresLeases, MoreThanOneStatementLooksAtAreAllWorkedOff) {
  PostgresDeliveryStore small{database_, clock_, {.leases_at_once = 2, .blocks_a_page = 0}};
  constexpr int settled = 7, lost = 4;
  given(store_, settled + lost);
  std::vector<delivery::Settlement> settlements;
  for (int i = 0; i < settled; ++i) settlements.push_back(success(std::move(claimed(1).at(0))));
  ASSERT_THAT(store_.settle(settlements), Each(delivery::SettleResult::settled));
  for (int i = 0; i < lost; ++i) ASSERT_THAT(claimed(1), SizeIs(1));
  EXPECT_EQ(leases(), settled + lost);
  expire();
  EXPECT_THAT(small.take_over_expired(3, "daemon-2", 30s), SizeIs(3));
  EXPECT_THAT(small.take_over_expired(3, "daemon-2", 30s), SizeIs(1));
  EXPECT_THAT(small.take_over_expired(3, "daemon-2", 30s), IsEmpty());
  EXPECT_EQ(leases(), 2) << "those of what was taken over";
}

TEST_F(PostgresLeases, ACallThatHasLookedAtEnoughLeavesTheRestToTheNext) {
  PostgresDeliveryStore small{database_, clock_, {.leases_at_once = 2, .deliveries_a_call = 3, .blocks_a_page = 0}};
  given(store_, 9);
  std::vector<delivery::Settlement> settlements;
  for (int i = 0; i < 9; ++i) settlements.push_back(success(std::move(claimed(1).at(0))));
  store_.settle(settlements);
  expire();
  small.take_over_expired(10, "daemon-2", 30s);
  EXPECT_EQ(leases(), 5);
}

// Daemons of schema 11 write no leases.
TEST_F(PostgresLeases, WhatHasNoneWrittenIsFoundPageByPage) {
  PostgresDeliveryStore looking{database_, clock_, {.blocks_a_page = 1, .pages_at_start = 1}};
  given(store_, 300);
  ASSERT_THAT(claimed(300), SizeIs(300));
  const int blocks = std::stoi(ask("SELECT pg_relation_size('integration_outbox') / 8192"));
  ASSERT_GT(blocks, 3);
  expire();
  ask("DELETE FROM integration_leases");
  EXPECT_THAT(store_.take_over_expired(500, "daemon-2", 30s), IsEmpty());
  std::set<DeliveryId> found;
  int calls = 0;
  for (; found.size() < 300 && calls < 10 * blocks; ++calls)
    for (const auto& one : looking.take_over_expired(7, "daemon-2", 30s)) found.insert(one->delivery);
  EXPECT_THAT(found, SizeIs(300)) << "in pages that hold more than a call may take, too";
  // A second round finds what comes later; a store that begins looks through all at once.
  ask("DELETE FROM integration_leases");
  expire();
  PostgresDeliveryStore fresh{database_, clock_};
  EXPECT_THAT(fresh.take_over_expired(500, "daemon-3", 30s), SizeIs(300));
  ask("DELETE FROM integration_leases");
  expire();
  found.clear();
  for (int call = 0; call < 10 * blocks; ++call)
    for (const auto& one : looking.take_over_expired(500, "daemon-2", 30s)) found.insert(one->delivery);
  EXPECT_THAT(found, SizeIs(300));
}

// What a rescue reads is what was leased, however much waits.
TEST_F(PostgresLeases, ARescueReadsLeasesAndNotTheBacklog) {
  constexpr int backlog = 20'000;
  ask("INSERT INTO integration_outbox (tenant_id, delivery_id, destination_id, event_id, idempotency_key, due_at, "
      "created_at) SELECT 'acme', gen_random_uuid(), gen_random_uuid(), 'e' || i, sha256(i::text::bytea), now(), now() "
      "FROM generate_series(1, " +
      std::to_string(backlog) + ") i");
  given(store_, 20, backlog);
  ASSERT_THAT(claimed(20), SizeIs(20));
  expire();
  ask("ANALYZE integration_outbox");
  ask("SELECT pg_stat_reset()");
  {
    PostgresDatabase database{{.connection = connection_}};
    PostgresDeliveryStore store{database, clock_, by_leases};
    EXPECT_THAT(store.take_over_expired(500, "daemon-2", 30s), SizeIs(20));
    EXPECT_THAT(store.take_over_expired(500, "daemon-2", 30s), IsEmpty());
  }  // a session that ends reports what it read
  const auto read =
      "SELECT seq_tup_read || ' ' || coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = "
      "'integration_outbox'";
  for (int i = 0; ask(read) == "0 0"; ++i) {
    ASSERT_LT(i, 1'000) << "the sessions never reported what they read";
    ask("SELECT pg_sleep(0.01)");
  }
  EXPECT_EQ(ask("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'integration_outbox'"), "0");
  EXPECT_EQ(ask("SELECT idx_tup_fetch < 200 FROM pg_stat_user_tables WHERE relname = 'integration_outbox'"), "t");
}

TEST_F(PostgresLeases, ClaimsStayHotUpdates) {
  given(store_, 100);
  for (int i = 0; i < 10; ++i) ASSERT_THAT(claimed(10), SizeIs(10));
  EXPECT_EQ(
      ask("SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY "
          "(i.indkey) WHERE i.indrelid = 'integration_outbox'::regclass AND a.attname IN ('state', 'lease_token', "
          "'locked_by', 'locked_until')"),
      "0");
}

// --- announcements ---

TEST(PostgresAnnouncements, NameTheirDestinationsOrAny) {
  std::vector<DestinationId> ids(postgres::announced_at_most + 1);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i].value.bytes[0] = 0xab;
    ids[i].value.bytes[14] = static_cast<std::uint8_t>(i >> 8);
    ids[i].value.bytes[15] = static_cast<std::uint8_t>(i);
  }
  const auto payloads = [](const std::string& script) {
    std::vector<std::string> found;
    for (std::size_t at = 0; (at = script.find("NOTIFY integration_work", at)) != std::string::npos; ++at) {
      const auto end = script.find(';', at), quote = script.find('\'', at);
      found.push_back(quote < end ? script.substr(quote + 1, script.find('\'', quote + 1) - quote - 1) : "");
    }
    return found;
  };
  for (const std::size_t count : {std::size_t{1}, postgres::announced_a_payload, postgres::announced_a_payload + 1,
                                  std::size_t{500}, postgres::announced_at_most}) {
    SCOPED_TRACE(count);
    std::vector<DestinationId> heard;
    for (const auto& payload : payloads(postgres::announcement_of(std::span{ids}.first(count)))) {
      EXPECT_LT(payload.size(), 8'000u);
      const auto part = postgres::announced_in(payload);
      ASSERT_TRUE(part.has_value());
      heard.insert(heard.end(), part->begin(), part->end());
    }
    EXPECT_THAT(heard, ElementsAreArray(std::span{ids}.first(count)));
  }
  EXPECT_THAT(payloads(postgres::announcement_of({})), testing::ElementsAre(""));
  EXPECT_THAT(payloads(postgres::announcement_of(ids)), testing::ElementsAre(""));
  for (const auto* any :
       {"", " ", "abc", "all", "0192f000000070008000000000000001 x", "0192f000000070008000000000000001  "})
    EXPECT_EQ(postgres::announced_in(any), std::nullopt) << any;
}

TEST_F(PostgresLeases, AnAnnouncementTellsEachDestinationOnceOrAny) {
  postgres::PostgresWorkListener listener{{.connection = connection_}};
  EXPECT_THAT(listener.run_once(0ms), Optional(IsEmpty()));
  const DestinationId other{new_uuid()};
  store_.announce({{destination_, other}});
  store_.announce({{other}});
  std::set<DestinationId> heard;
  while (heard.size() < 2) {
    const auto some = listener.run_once(30s);
    ASSERT_THAT(some, Optional(Not(IsEmpty())));
    EXPECT_EQ((std::set<DestinationId>{some->begin(), some->end()}.size()), some->size());
    heard.insert(some->begin(), some->end());
  }
  EXPECT_EQ(heard, (std::set<DestinationId>{destination_, other}));
  ask("NOTIFY integration_work");  // a daemon of the former version
  std::optional<std::vector<DestinationId>> last;
  do last = listener.run_once(30s);
  while (last && !last->empty());
  EXPECT_THAT(last, Optional(IsEmpty()));
}

TEST_F(PostgresLeases, AsManyAsAreLookedAtOnceAreAnnouncedByName) {
  postgres::PostgresWorkListener listener{{.connection = connection_}};
  listener.run_once(0ms);
  std::vector<DestinationId> ids;
  for (std::size_t i = 0; i < delivery::DeliveryStore::looked_at_once; ++i) ids.push_back(DestinationId{new_uuid()});
  store_.announce(ids);
  std::set<DestinationId> heard;
  while (heard.size() < ids.size()) {
    const auto some = listener.run_once(30s);
    ASSERT_THAT(some, Optional(Not(IsEmpty())));
    heard.insert(some->begin(), some->end());
  }
  EXPECT_EQ(heard, (std::set<DestinationId>{ids.begin(), ids.end()}));
}

}  // namespace
}  // namespace opi::test
