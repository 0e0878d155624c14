#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace opi::receiver {

struct Acceptance {
  std::string id;                         // webhook-id
  std::chrono::milliseconds unix_time{};  // when it was answered with 200 for the first time
};

struct PathStatistics {
  std::uint64_t requests = 0;
  std::uint64_t bad_signatures = 0;  // missing ones included
  std::uint64_t outside_window = 0;
  std::uint64_t accepted = 0;             // ids answered with 200 at least once
  std::uint64_t duplicates = 0;           // requests answered with 200 whose id had been before
  std::map<int, std::uint64_t> statuses;  // answers by HTTP status; 0: reset, or gone before the answer
  std::vector<Acceptance> acceptances;    // in order; the first Scoreboard::max_acceptances of them
};

struct ReceiverStatistics {
  std::uint64_t bench_requests = 0;             // of /bench, which counts nothing else
  std::map<std::string, PathStatistics> paths;  // by whole path without the query, such as "/flaky/acme"

  [[nodiscard]] PathStatistics path(const std::string& name) const {
    const auto found = paths.find(name);
    return found == paths.end() ? PathStatistics{} : found->second;
  }
};

// As JSON text; the acceptances only if asked for.
std::string to_json(const ReceiverStatistics& statistics, bool with_acceptances);

// What the receiver remembers. Thread-safe.
class Scoreboard {
 public:
  static constexpr std::size_t max_acceptances = 1'000'000;  // of all paths together
  static constexpr std::size_t max_ids = 4'000'000;

  // How often this id has come to this path, this time included. At max_ids all are forgotten, which can
  // only hide duplicates.
  std::uint32_t arrived(const std::string& path, const std::string& id);
  void counted_bench() { bench_.fetch_add(1, std::memory_order_relaxed); }
  void refused(const std::string& path, bool outside_window);
  void answered(const std::string& path, const std::string& id, int status, std::chrono::milliseconds unix_now);
  void reset();

  [[nodiscard]] ReceiverStatistics snapshot() const;
  [[nodiscard]] std::uint64_t bench_requests() const { return bench_.load(std::memory_order_relaxed); }

 private:
  struct Known {
    std::uint32_t arrivals = 0, accepted = 0;
  };
  mutable std::mutex mutex_;
  std::atomic<std::uint64_t> bench_{0};
  std::map<std::string, PathStatistics> paths_;
  std::unordered_map<std::string, Known> known_;  // by path, newline, id
  std::size_t acceptances_ = 0;
};

}  // namespace opi::receiver
