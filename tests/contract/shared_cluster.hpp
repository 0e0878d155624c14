#pragma once
#include "support/postgres_cluster.hpp"

namespace opi::test {

// The one server of this program; each test has a database of its own on it.
PostgresCluster& shared_cluster();

// The connection string of a new database on it that has the whole schema.
std::string create_migrated_database();

}  // namespace opi::test
