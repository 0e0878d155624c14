#pragma once
#include "support/postgres_cluster.hpp"

namespace opi::test {

// The one server of this program; each test has a database of its own on it.
PostgresCluster& shared_cluster();

// Of a fresh database there with the whole schema.
std::string create_migrated_database();

}  // namespace opi::test
