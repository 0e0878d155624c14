#include "store_bench/audit_cost.hpp"

#include <algorithm>
#include <memory>
#include <thread>

#include "postgres/postgres_delivery_store.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "support/postgres_cluster.hpp"
#include "support/temporary_folder.hpp"

namespace opi::store_bench {
namespace {

constexpr int connections = 2, rounds = 3;
constexpr int many_tenants = 16;

// Settlements a second of `connections` threads, each on a store of its own over one database.
double settle_rate(const std::vector<std::unique_ptr<delivery::DeliveryStore>>& stores, const Load& load) {
  std::vector<std::unique_ptr<Bench>> benches;
  for (const auto& store : stores) {
    benches.push_back(std::make_unique<Bench>(*store, load));
    benches.back()->insert_and_claim();
  }
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (const auto& bench : benches) threads.emplace_back([&bench] { bench->settle_claimed(); });
  for (auto& thread : threads) thread.join();
  const Seconds spent = std::chrono::steady_clock::now() - start;
  return connections * load.deliveries / spent.count();
}

// The kinds take turns, so that a machine that slows down slows all of them.
void compare(const char* name, Load load, const std::vector<std::unique_ptr<delivery::DeliveryStore>>& stores) {
  std::vector<double> plain[2], audited[2];
  const int tenants[2] = {1, many_tenants};
  for (int round = 0; round < rounds; ++round)
    for (const int kind : {0, 1}) {
      load.tenants = tenants[kind];
      load.audited = false;
      plain[kind].push_back(settle_rate(stores, load));
      load.audited = true;
      audited[kind].push_back(settle_rate(stores, load));
    }
  for (const int kind : {0, 1})
    std::printf("%-10s %2d tenants: %8.0f settlements/s without audit records, %8.0f with: %.2f\n", name, tenants[kind],
                median(plain[kind]), median(audited[kind]), median(audited[kind]) / median(plain[kind]));
  std::printf("%-10s sixteen tenants to one, with audit records: %.2f\n", name,
              median(audited[1]) / median(audited[0]));
}

}  // namespace

void measure_audit_cost(const Load& load) {
  const RealClock clock;
  {
    const test::TemporaryFolder folder;
    sqlite::SqliteDatabase database{{.path = (folder.path() / "opi.db").string()}};
    database.migrate();
    std::vector<std::unique_ptr<delivery::DeliveryStore>> stores;
    for (int i = 0; i < connections; ++i)
      stores.push_back(std::make_unique<sqlite::SqliteDeliveryStore>(database, clock));
    compare("sqlite", load, stores);
  }
  test::PostgresCluster cluster{
      {.settings = {"fsync=on", "full_page_writes=on", "shared_buffers=256MB", "max_wal_size=4GB"}}};
  const auto connection = cluster.create_database();
  std::vector<std::unique_ptr<postgres::PostgresDatabase>> databases;
  std::vector<std::unique_ptr<delivery::DeliveryStore>> stores;
  for (int i = 0; i < connections; ++i) {
    databases.push_back(
        std::make_unique<postgres::PostgresDatabase>(postgres::PostgresOptions{.connection = connection}));
    if (i == 0) databases.front()->migrate();
    stores.push_back(std::make_unique<postgres::PostgresDeliveryStore>(*databases.back(), clock));
  }
  compare("postgres", load, stores);
}

}  // namespace opi::store_bench
