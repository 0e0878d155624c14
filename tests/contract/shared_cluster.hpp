#pragma once
#include "support/postgres_cluster.hpp"

namespace opi::test {

// The one server of this program; each test has a database of its own on it.
PostgresCluster& shared_cluster();

}  // namespace opi::test
