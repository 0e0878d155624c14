#include "postgres/schema.hpp"

#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

// Any constant of our own: "opi" and a 1.
constexpr Statement lock_migrations{"lock_migrations", "SELECT pg_advisory_xact_lock(x'6f706901'::bigint)"};

constexpr const char* create_record = R"(
  CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  ))";

constexpr Statement read_applied{"read_applied_migrations", "SELECT number, checksum FROM schema_migrations"};

constexpr Statement record_migration{
    "record_migration", "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1::int, $2::text, $3::text)"};

}  // namespace

void migrate_schema(Connection& connection, std::span<const delivery::SchemaMigration> known) {
  Transaction transaction{connection};
  connection.execute(lock_migrations);
  connection.script(create_record, "create schema_migrations");
  const auto rows = connection.execute(read_applied);
  std::vector<delivery::AppliedMigration> applied;
  for (int i = 0; i < rows.size(); ++i) applied.push_back({rows.int4(i, 0), rows.string(i, 1)});
  for (const auto& migration : delivery::pending_migrations(known, std::move(applied))) {
    connection.script(std::string{migration.sql}, migration.name);
    connection.execute(record_migration,
                       Parameters{}.int4(migration.number).text(migration.name).text(migration.checksum()));
  }
  transaction.commit();
}

}  // namespace opi::postgres
