#include <thread>

#include "contract/shared_cluster.hpp"
#include "contract/store_contract.hpp"
#include "delivery/schema_migration.hpp"
#include "domain/store_errors.hpp"
#include "postgres/postgres_database.hpp"
#include "postgres/schema.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/sqlite_database.hpp"
#include "support/temporary_folder.hpp"

namespace opi::test {
namespace {

using delivery::AppliedMigration;
using delivery::pending_migrations;
using delivery::SchemaMigration;
using testing::HasSubstr;
using testing::SizeIs;

constexpr SchemaMigration known[]{{1, "0001_a.sql", "SELECT 1"}, {2, "0002_b.sql", "SELECT 2"}};

std::string refusal_of(const std::vector<AppliedMigration>& applied) {
  try {
    pending_migrations(known, applied);
    return "";
  } catch (const SchemaRefused& refusal) {
    return refusal.what();
  }
}

TEST(SchemaMigrations, OnlyTheTailIsPending) {
  EXPECT_THAT(pending_migrations(known, {}), SizeIs(2));
  const auto tail = pending_migrations(known, {{1, "", known[0].checksum()}});
  ASSERT_THAT(tail, SizeIs(1));
  EXPECT_EQ(tail[0].number, 2);
  EXPECT_THAT(pending_migrations(known, {{2, "", known[1].checksum()}, {1, "", known[0].checksum()}}), SizeIs(0));
}

TEST(SchemaMigrations, ANewerDatabaseAnAlteredTextAndAGapAreRefused) {
  EXPECT_THAT(refusal_of({{1, "", known[0].checksum()}, {2, "", known[1].checksum()}, {3, "0003_c.sql", "x"}}),
              HasSubstr("newer program"));
  EXPECT_THAT(refusal_of({{1, "", "altered"}}), HasSubstr("migration 1 (0001_a.sql) differs"));
  EXPECT_THAT(refusal_of({{2, "", known[1].checksum()}}), HasSubstr("lacks migration 1"));
}

TEST(SchemaMigrations, ANewerDatabaseIsServedWhereEachLaterMigrationSaysSo) {
  const AppliedMigration first{1, "", known[0].checksum()}, second{2, "", known[1].checksum()};
  const auto with = [&](std::vector<AppliedMigration> later) {
    later.insert(later.end(), {first, second});
    return refusal_of(later);
  };
  EXPECT_EQ(with({{3, "0003_expand.from2.sql", "x"}}), "");
  EXPECT_EQ(with({{3, "0003_expand.from1.sql", "x"}, {4, "0004_contract.from2.sql", "y"}}), "");
  EXPECT_THAT(with({{3, "0003_expand.from2.sql", "x"}, {4, "0004_contract.from3.sql", "y"}}),
              HasSubstr("schema migration 4, this program knows up to 2: run a newer program"));
  for (const auto* name : {"0003_c.sql", "0003_c.from.sql", "0003_c.from2", "0003_c.from2x.sql", "0003_c.fromx2.sql"})
    EXPECT_THAT(with({{3, name, "x"}}), HasSubstr("newer program")) << name;
  // What it must have run itself is looked at as ever.
  EXPECT_THAT(refusal_of({first, {3, "0003_expand.from2.sql", "x"}}), HasSubstr("lacks migration 2"));
}

TEST(SchemaMigrations, NoneSaysThatItServesWhatComesAfterIt) {
  for (const auto migrations : {postgres::known_migrations(), sqlite::known_migrations()})
    for (const auto& one : migrations)
      EXPECT_LE(delivery::serves_from({one.number, std::string{one.name}, ""}), one.number) << one.name;
}

TEST(SchemaMigrations, BothStoresNumberTheirFilesWithoutGaps) {
  for (const auto migrations : {postgres::known_migrations(), sqlite::known_migrations()}) {
    ASSERT_FALSE(migrations.empty());
    for (std::size_t i = 0; i < migrations.size(); ++i) {
      EXPECT_EQ(migrations[i].number, static_cast<int>(i) + 1);
      EXPECT_FALSE(migrations[i].sql.empty());
    }
  }
}

TEST_P(StoreContract, MigratingAgainChangesNothing) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  const auto applied = rows("schema_migrations");
  EXPECT_GT(applied, 0);
  engine->migrate();
  EXPECT_EQ(rows("schema_migrations"), applied);
  EXPECT_THAT(claim(destination), SizeIs(1));
}

TEST_P(StoreContract, ADatabaseOfANewerProgramIsRefused) {
  const auto next = std::to_string(rows("schema_migrations") + 1);
  engine->execute("INSERT INTO schema_migrations (number, name, checksum) VALUES (" + next + ", 'later', 'x')");
  EXPECT_THROW(engine->migrate(), SchemaRefused);
}

TEST_P(StoreContract, ADatabaseThatANewerProgramHasOnlyExpandedIsServed) {
  const int ours = rows("schema_migrations");
  engine->execute("INSERT INTO schema_migrations (number, name, checksum) VALUES (" + std::to_string(ours + 1) + ", '" +
                  std::to_string(ours + 1) + "_later.from" + std::to_string(ours) + ".sql', 'x')");
  EXPECT_NO_THROW(engine->migrate());
  EXPECT_EQ(rows("schema_migrations"), ours + 1);
}

TEST_P(StoreContract, ADatabaseWithAnAlteredMigrationIsRefused) {
  engine->execute("UPDATE schema_migrations SET checksum = 'altered' WHERE number = 1");
  EXPECT_THROW(engine->migrate(), SchemaRefused);
}

template <class Migrate>
void run_in_parallel(Migrate migrate) {
  std::vector<std::exception_ptr> failures(4);
  std::vector<std::thread> threads;
  for (auto& failure : failures)
    threads.emplace_back([&] {
      try {
        migrate();
      } catch (...) {
        failure = std::current_exception();
      }
    });
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

TEST(PostgresMigrations, SeveralDaemonsMayStartAtOnce) {
  const postgres::PostgresOptions options{.connection = shared_cluster().create_database()};
  EXPECT_NO_THROW(run_in_parallel([&] { postgres::PostgresDatabase{options}.migrate(); }));
}

TEST(PostgresMigrations, AFaultyMigrationLeavesNothingBehind) {
  const postgres::PostgresOptions options{.connection = shared_cluster().create_database()};
  postgres::Connection connection{postgres::plain_settings(options, options.statement_timeout)};
  connection.ensure_open();
  constexpr SchemaMigration faulty[]{{1, "0001_good.sql", "CREATE TABLE good (x int)"},
                                     {2, "0002_bad.sql", "CREATE TABLE bad (x int); SELECT 1 / 0"}};
  EXPECT_THROW(postgres::migrate_schema(connection, faulty), StoreRefused);
  EXPECT_NO_THROW(postgres::migrate_schema(connection, std::span{faulty}.first(1)));
}

TEST(SqliteMigrations, SeveralProgramsMayStartAtOnce) {
  const TemporaryFolder folder;
  const sqlite::SqliteOptions options{.path = (folder.path() / "opi.db").string()};
  EXPECT_NO_THROW(run_in_parallel([&] { sqlite::SqliteDatabase{options}.migrate(); }));
}

TEST(SqliteMigrations, AFaultyMigrationLeavesNothingBehind) {
  sqlite::Connection connection{{.path = ":memory:"}, sqlite::Connection::Kind::writer};
  constexpr SchemaMigration faulty[]{{1, "0001_good.sql", "CREATE TABLE good (x int)"},
                                     {2, "0002_bad.sql", "CREATE TABLE bad (x int); SELECT nonsense()"}};
  EXPECT_THROW(sqlite::migrate_schema(connection, faulty), StoreRefused);
  EXPECT_NO_THROW(sqlite::migrate_schema(connection, std::span{faulty}.first(1)));
}

}  // namespace
}  // namespace opi::test
