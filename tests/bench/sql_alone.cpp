#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "bench/machine.hpp"
#include "bench/measurements.hpp"
#include "bench/workload.hpp"
#include "delivery/settlement_factory.hpp"
#include "runtime/system_clock.hpp"

namespace opi::bench {
namespace {

constexpr std::size_t batch = 500;
// The daemon's own default: claims that were not full are this far apart, or each would be a row and a commit.
constexpr std::chrono::milliseconds claim_interval{3};

// Hands claims from the claiming to the settling thread, as deep as the daemon has in flight.
class Pipe {
 public:
  void push(std::vector<delivery::Claim> claims) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return queue_.size() < 4; });
    queue_.push_back(std::move(claims));
    changed_.notify_all();
  }
  std::vector<delivery::Claim> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty(); });
    auto claims = std::move(queue_.front());
    queue_.pop_front();
    changed_.notify_all();
    return claims;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<delivery::Claim>> queue_;
};

void insert(stores::Stores& stores, const Workload& workload, std::size_t count, const Clock& clock, Random& random) {
  const auto revision = stores.catalog->revision();
  for (std::size_t at = 0; at < count; at += batch)
    stores.deliveries->insert(workload.events(at, std::min(batch, count - at), clock, random), revision);
}

void claim_all(stores::Stores& stores, const Workload& workload, std::size_t count, Pipe& pipe) {
  std::map<DestinationId, delivery::DueTime> watermark;
  for (std::size_t done = 0; done < count;) {
    std::vector<delivery::ClaimRequest> requests;
    for (const auto& destination : workload.destinations) {
      const auto from = watermark.find(destination.id);
      requests.push_back({destination.id, static_cast<int>(batch / workload.destinations.size()) + 1,
                          from == watermark.end() ? delivery::due_since_ever : from->second});
    }
    auto claims = stores.deliveries->claim(requests, {.daemon_id = "bench", .lease = std::chrono::seconds{60}});
    for (const auto& claim : claims)
      watermark[claim->destination] = std::max(watermark[claim->destination], claim->due_at);
    done += claims.size();
    const bool full = claims.size() >= batch;
    if (!claims.empty()) pipe.push(std::move(claims));
    if (!full) std::this_thread::sleep_for(claim_interval);
  }
}

void settle_all(stores::Stores& stores, std::size_t count, Pipe& pipe, const Clock& clock, Random& random) {
  Outcome outcome;
  outcome.verdict = Verdict::delivered;
  outcome.http_status = 200;
  outcome.response_summary = "ok";
  delivery::Decision decision;
  decision.next = DeliveryState::delivered;
  decision.result = AttemptResult::succeeded;
  for (std::size_t done = 0; done < count;) {
    auto claims = pipe.pop();
    done += claims.size();
    std::vector<delivery::Settlement> settlements;
    for (auto& claim : claims)
      settlements.push_back(delivery::make_settlement(
          std::move(claim), outcome, decision, {clock.unix_now(), std::chrono::milliseconds{1}}, false, clock, random));
    stores.deliveries->settle(settlements);
  }
}

Rate run(const Database& database, std::size_t count, bool insert_meanwhile) {
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  auto stores = database.open(clock);
  const Workload workload("http://127.0.0.1:1/", false);
  workload.store(*stores.catalog, clock);
  if (!insert_meanwhile) insert(stores, workload, count, clock, random);
  database.settle_down();
  const double wal = database.wal_bytes(), cpu = machine_cpu_seconds(), start = now_seconds();
  Pipe pipe;
  std::thread inserter, claimer([&] { claim_all(stores, workload, count, pipe); });
  if (insert_meanwhile) inserter = std::thread([&] { insert(stores, workload, count, clock, random); });
  settle_all(stores, count, pipe, clock, random);
  Rate rate;
  rate.count = count;
  rate.seconds = now_seconds() - start;
  rate.machine_cpu_us_each = (machine_cpu_seconds() - cpu) * 1e6 / static_cast<double>(count);
  rate.bytes_each = (database.wal_bytes() - wal) / static_cast<double>(count);
  claimer.join();
  if (inserter.joinable()) inserter.join();
  return rate;
}

}  // namespace

Rate sql_drain(const Database& database, std::size_t count) { return run(database, count, false); }
Rate sql_full(const Database& database, std::size_t count) { return run(database, count, true); }

}  // namespace opi::bench
