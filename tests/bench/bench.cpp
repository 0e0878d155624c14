// opi-bench: how fast the daemon is beside what it cannot be faster than, and beside its peers, in one run.
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>

#include "bench/measurements.hpp"

namespace {

using namespace opi::bench;
namespace fs = std::filesystem;
namespace po = boost::program_options;

void show(const std::string& name, const Rate& rate) {
  std::printf("%-44s %9.0f/s  %7zu in %6.2f s", name.c_str(), rate.per_second(), rate.count, rate.seconds);
  if (rate.machine_cpu_us_each > 0) std::printf("  CPU %5.1f us", rate.machine_cpu_us_each);
  if (rate.daemon_cpu_us_each > 0) std::printf(" (daemon %4.1f)", rate.daemon_cpu_us_each);
  if (rate.bytes_each > 0) std::printf("  %5.0f bytes", rate.bytes_each);
  std::printf("\n");
  std::fflush(stdout);
}

void ratio(const char* text, double value) { std::printf("  %-60s %6.2f\n", text, value); }

class Folder {
 public:
  Folder() {
    char name[] = "/var/tmp/opi-bench-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct EngineResult {
  Rate drain;
};

EngineResult measure_engine(const char* name, opi::test::PostgresCluster* cluster, std::size_t count) {
  const Folder folder;
  const auto label = [name](const char* what) { return std::string(name) + ": " + what; };
  const auto fresh = [&] { return Database(cluster, folder.path()); };
  const Rate sql_only = sql_drain(fresh(), count);
  show(label("SQL alone, claim and settle"), sql_only);
  const Rate sql_all = sql_full(fresh(), count);
  show(label("SQL alone, insert, claim and settle"), sql_all);
  const Rate drain = daemon_drain(fresh(), count, folder.path());
  show(label("daemon, stored events delivered"), drain);
  const Rate full = daemon_full(fresh(), count, folder.path());
  show(label("daemon, API to delivered"), full);
  ratio("delivering / its SQL alone", drain.per_second() / sql_only.per_second());
  ratio("API to delivered / its SQL alone", full.per_second() / sql_all.per_second());
  return {drain};
}

}  // namespace

int main(int argc, char** argv) {
  po::options_description options("opi-bench");
  options.add_options()("help", "show this text")("deliveries", po::value<std::size_t>()->default_value(100'000),
                                                  "per measurement")(
      "peers", po::value<std::string>()->default_value(""), "folder of the installed peers; empty: none")(
      "only", po::value<std::string>()->default_value(""), "sqlite or postgres");
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, options), values);
  if (values.contains("help")) {
    std::cout << options;
    return 0;
  }
  const auto count = values["deliveries"].as<std::size_t>();
  const auto only = values["only"].as<std::string>(), peers = values["peers"].as<std::string>();
  std::printf("512-byte payloads, signed, receiver on loopback; CPU is the whole machine's per delivery\n");
  show("HTTP client alone", client_alone(2 * count));
  if (only != "postgres") measure_engine("SQLite", nullptr, count);
  if (only == "sqlite") return 0;
  opi::test::PostgresCluster cluster({.settings = {"fsync=on", "synchronous_commit=on", "full_page_writes=on",
                                                   "shared_buffers=512MB", "max_wal_size=4GB", "max_connections=100"}});
  const auto result = measure_engine("PostgreSQL", &cluster, count);
  if (peers.empty()) return 0;
  const Folder folder;
  const auto measure_peer = [&](const char* mode, const char* name, std::size_t jobs) {
    const Rate rate = peer(mode, Database(&cluster, folder.path()), jobs, peers);
    show(name, rate);
    ratio("integrationsd delivering / this", result.drain.per_second() / rate.per_second());
  };
  measure_peer("graphile-tuned", "graphile-worker, tuned", count / 2);
  measure_peer("graphile-attempts", "graphile-worker, tuned, a row per attempt", count / 5);
  measure_peer("graphile-default", "graphile-worker, defaults", count / 5);
  measure_peer("pg-boss", "pg-boss, batches of 500", count / 5);
  return 0;
}
