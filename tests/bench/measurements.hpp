#pragma once
#include <filesystem>
#include <string>

#include "bench/database.hpp"

namespace opi::bench {

struct Rate {
  std::size_t count = 0;
  double seconds = 0;
  double machine_cpu_us_each = 0;  // of all processes: daemon, database, receiver
  double daemon_cpu_us_each = 0;
  double bytes_each = 0;  // write-ahead log (PostgreSQL) or bytes written (SQLite)
  [[nodiscard]] double per_second() const { return static_cast<double>(count) / seconds; }
};

// The stores' own statements without HTTP, in batches of 500: `drain` claims and settles what is stored, on two
// threads; `full` inserts at the same time, on a third.
Rate sql_drain(const Database& database, std::size_t count);
Rate sql_full(const Database& database, std::size_t count);

// The daemon's HTTP client without a store, 512-byte posts.
Rate client_alone(std::size_t count);

// A real daemon: `drain` delivers what is stored before it starts; `full` is fed over its API meanwhile.
Rate daemon_drain(const Database& database, std::size_t count, const std::filesystem::path& folder);
Rate daemon_full(const Database& database, std::size_t count, const std::filesystem::path& folder);

// A queue of the npm registry (peers/run.mjs) on the same server and receiver.
Rate peer(const std::string& mode, const Database& database, std::size_t count, const std::filesystem::path& peers);

}  // namespace opi::bench
