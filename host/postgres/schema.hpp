#pragma once
#include <span>

#include "delivery/schema_migration.hpp"
#include "postgres/connection.hpp"

namespace opi::postgres {

// The files of migrations/, compiled in.
std::span<const delivery::SchemaMigration> known_migrations();

// Runs what the database still lacks of `known`, in one transaction under a lock.
// Throws SchemaRefused, StoreUnavailable, StoreRefused for a faulty migration.
void migrate_schema(Connection& connection, std::span<const delivery::SchemaMigration> known);

}  // namespace opi::postgres
