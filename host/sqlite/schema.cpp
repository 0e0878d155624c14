#include "sqlite/schema.hpp"

#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr const char* create_record = R"(
  CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
  ) STRICT)";

constexpr Statement read_applied{"read_applied_migrations", "SELECT number, name, checksum FROM schema_migrations"};

constexpr Statement record_migration{"record_migration",
                                     "INSERT INTO schema_migrations (number, name, checksum) VALUES (?, ?, ?)"};

}  // namespace

void migrate_schema(Connection& connection, std::span<const delivery::SchemaMigration> known) {
  Transaction transaction{connection};
  connection.script(create_record, "create schema_migrations");
  std::vector<delivery::AppliedMigration> applied;
  {
    Query rows{connection, read_applied};
    while (rows.step()) applied.push_back({rows.int4(0), rows.string(1), rows.string(2)});
  }
  for (const auto& migration : delivery::pending_migrations(known, std::move(applied))) {
    connection.script(std::string{migration.sql}, migration.name);
    Query{connection, record_migration}.integer(migration.number).text(migration.name).text(migration.checksum()).run();
  }
  transaction.commit();
}

}  // namespace opi::sqlite
