#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "configuration/configuration.hpp"
#include "stores/stores.hpp"
#include "support/postgres_cluster.hpp"

namespace opi::bench {

// A fresh database of one engine, as durable as in production.
class Database {
 public:
  // `cluster` is null for SQLite; `folder` is where its file goes.
  Database(test::PostgresCluster* cluster, const std::filesystem::path& folder);

  [[nodiscard]] stores::Stores open(const Clock& clock) const;
  // What the daemon needs to be told: "--set" arguments.
  [[nodiscard]] std::vector<std::string> settings() const;
  // PostgreSQL: bytes of write-ahead log so far. SQLite: 0 (its process is asked instead).
  [[nodiscard]] double wal_bytes() const;
  // Live deliveries left.
  [[nodiscard]] long long outbox_rows() const;
  void settle_down() const;  // statistics and checkpoint, so that a measurement does not pay for its preparation
  [[nodiscard]] const std::string& connection() const { return connection_; }

 private:
  std::string connection_;  // PostgreSQL
  std::string file_;        // SQLite
};

}  // namespace opi::bench
