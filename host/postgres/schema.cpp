#include "postgres/schema.hpp"

#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

// Of several programs that find no table, one makes it; the others wait for its transaction, fail to make it again, and
// go on.
constexpr const char* create_record = R"(
  DO $$ BEGIN
    CREATE TABLE IF NOT EXISTS schema_migrations (
      number integer PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
  EXCEPTION WHEN duplicate_table OR unique_violation THEN NULL;
  END $$)";

// A lock of our own table: any login could take an advisory one, and nothing would start. Who looks at the table goes
// on.
constexpr const char* lock_migrations = "LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE";

constexpr Statement read_applied{"read_applied_migrations", "SELECT number, name, checksum FROM schema_migrations"};

constexpr Statement record_migration{
    "record_migration", "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1::int, $2::text, $3::text)"};

}  // namespace

void migrate_schema(Connection& connection, std::span<const delivery::SchemaMigration> known) {
  Transaction transaction{connection};
  connection.script(create_record, "create schema_migrations");
  connection.script(lock_migrations, "lock schema_migrations");
  const auto rows = connection.execute(read_applied);
  std::vector<delivery::AppliedMigration> applied;
  for (int i = 0; i < rows.size(); ++i) applied.push_back({rows.int4(i, 0), rows.string(i, 1), rows.string(i, 2)});
  for (const auto& migration : delivery::pending_migrations(known, std::move(applied))) {
    connection.script(std::string{migration.sql}, migration.name);
    connection.execute(record_migration,
                       Parameters{}.int4(migration.number).text(migration.name).text(migration.checksum()));
  }
  transaction.commit();
}

}  // namespace opi::postgres
