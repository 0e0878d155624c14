// Measures insert, claim and settle (with attempt, delivery event and audit record) on both stores.
// Usage: opi_store_bench [deliveries [batch [destinations [sqlite|postgres]]]]
//        opi_store_bench audit [deliveries [batch]]: what the audit chain costs a settlement
//        opi_store_bench filters [events]: what a thousand filters cost the intake
//        opi_store_bench order [deliveries [batch]]: what order by subject costs on PostgreSQL
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "postgres/postgres_delivery_store.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "store_bench/audit_cost.hpp"
#include "store_bench/bench.hpp"
#include "store_bench/filter_cost.hpp"
#include "support/postgres_cluster.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace opi;
using namespace opi::store_bench;

void run_sqlite(const Load& load) {
  const test::TemporaryFolder folder;
  const RealClock clock;
  sqlite::SqliteDatabase database{{.path = (folder.path() / "opi.db").string()}};
  database.migrate();
  sqlite::SqliteDeliveryStore store{database, clock};
  Bench bench{store, load};
  bench.run();
  bench.report("sqlite");
}

void run_postgres(const Load& load) {
  test::PostgresCluster cluster{
      {.settings = {"fsync=on", "full_page_writes=on", "shared_buffers=256MB", "max_wal_size=4GB"}}};
  const auto connection = cluster.create_database();
  const RealClock clock;
  postgres::PostgresDatabase database{{.connection = connection}};
  database.migrate();
  postgres::PostgresDeliveryStore store{database, clock};
  Bench bench{store, load};
  bench.run();
  bench.report("postgres");

  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> daemons;
  for (int i = 0; i < 2; ++i)
    daemons.emplace_back([&] {
      postgres::PostgresDatabase own{{.connection = connection}};
      postgres::PostgresDeliveryStore own_store{own, clock};
      Bench one{own_store, load};
      one.run();
    });
  for (auto& daemon : daemons) daemon.join();
  const Seconds spent = std::chrono::steady_clock::now() - start;
  std::printf("%-10s %8.0f deliveries/s with two daemons\n", "postgres", 2 * load.deliveries / spent.count());
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  if (argc > 1 && std::string(argv[1]) == "audit") {
    load.destinations = 16;
    if (argc > 2) load.deliveries = std::atoi(argv[2]);
    if (argc > 3) load.batch = std::atoi(argv[3]);
    store_bench::measure_audit_cost(load);
    return 0;
  }
  if (argc > 1 && std::string(argv[1]) == "filters") {
    store_bench::measure_filter_cost(argc > 2 ? std::atoi(argv[2]) : 200);
    return 0;
  }
  if (argc > 1 && std::string(argv[1]) == "order") {
    if (argc > 2) load.deliveries = std::atoi(argv[2]);
    if (argc > 3) load.batch = std::atoi(argv[3]);
    for (const bool ordered : {false, true, false, true}) {
      load.ordered = ordered;
      std::printf("%s\n", ordered ? "ordered by subject" : "without order");
      run_postgres(load);
    }
    return 0;
  }
  if (argc > 1) load.deliveries = std::atoi(argv[1]);
  if (argc > 2) load.batch = std::atoi(argv[2]);
  if (argc > 3) load.destinations = std::atoi(argv[3]);
  const std::string only = argc > 4 ? argv[4] : "";
  if (only.empty() || only == "sqlite") run_sqlite(load);
  if (only.empty() || only == "postgres") run_postgres(load);
}
