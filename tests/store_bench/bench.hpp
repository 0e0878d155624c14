#pragma once
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/idempotency.hpp"
#include "support/seeded_random.hpp"

namespace opi::store_bench {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

class RealClock final : public Clock {
 public:
  UnixTime unix_now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  MonoTime mono_now() const override { return MonoTime{std::chrono::steady_clock::now().time_since_epoch()}; }
};

// CPU time of this process and of the server it started: unlike the clock on the wall, it says the same on a
// busy machine.
inline Seconds cpu_spent() {
  std::map<int, int> parents;
  std::map<int, double> spent;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid == 0) continue;
    std::ifstream stat{entry.path() / "stat"}, schedstat{entry.path() / "schedstat"};
    std::string line;
    std::getline(stat, line);
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) continue;
    parents[pid] = std::atoi(line.c_str() + name_end + 4);
    schedstat >> spent[pid];
  }
  double nanoseconds = 0;
  for (const auto& [pid, parent] : parents)
    if (parent == ::getpid() || (parents.contains(parent) && parents.at(parent) == ::getpid()))
      nanoseconds += spent[pid];
  timespec own{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  return Seconds{nanoseconds * 1e-9 + static_cast<double>(own.tv_sec) + static_cast<double>(own.tv_nsec) * 1e-9};
}

struct Load {
  int deliveries = 50'000, batch = 250, destinations = 20, tenants = 2;
  bool audited = true;
  bool ordered = false;  // each delivery about a subject of its own, so that each is locked and none waits
};

class Bench {
 public:
  Bench(delivery::DeliveryStore& store, const Load& load) : store_(store), load_(load) {
    for (int i = 0; i < load.destinations; ++i) destinations_.push_back({new_uuid()});
    for (int i = 0; i < load.tenants; ++i) tenants_.push_back(TenantId::parse("tenant-" + std::to_string(i)).value());
  }

  // All deliveries in, and out again.
  void run() {
    const auto before = cpu_spent();
    insert_all();
    drain(load_.deliveries);
    cpu_ = cpu_spent() - before;
  }

  void insert_all() {
    for (int at = 0; at < load_.deliveries; at += load_.batch) {
      std::vector<delivery::NewEvent> events;
      for (int i = at; i < at + load_.batch; ++i) events.push_back(new_event(i));
      timed(insert_, [&] { store_.insert(events, 0); });
    }
  }

  // Claims until `wanted` are claimed, settling each batch; nine of ten succeed, one is retried far later.
  void drain(int wanted) {
    std::vector<delivery::ClaimRequest> requests;
    const int each = std::max(1, load_.batch / load_.destinations);
    std::vector<delivery::DueTime> watermarks(destinations_.size(), delivery::due_since_ever);
    int done = 0;
    while (done < wanted) {
      requests.clear();
      for (std::size_t i = 0; i < destinations_.size(); ++i)
        requests.push_back({destinations_[i], each, watermarks[i]});
      std::vector<delivery::Claim> claims;
      timed(claim_, [&] { claims = store_.claim(requests, {"bench", 60s}); });
      if (claims.empty()) break;
      std::vector<delivery::Settlement> settlements;
      for (auto& claim : claims) {
        ++done;
        for (std::size_t i = 0; i < destinations_.size(); ++i)
          if (destinations_[i] == claim->destination) watermarks[i] = claim->due_at;
        settlements.push_back(settlement(std::move(claim), done % 10 != 0));
      }
      timed(settle_, [&] { store_.settle(settlements); });
    }
    done_ += done;
  }

  // All deliveries in and claimed; what is left to do is settle_claimed().
  void insert_and_claim() {
    insert_all();
    const int each = std::max(1, load_.batch / load_.destinations);
    std::vector<delivery::ClaimRequest> requests;
    for (const auto& destination : destinations_) requests.push_back({destination, each});
    for (;;) {
      auto claims = store_.claim(requests, {"bench", 1h});
      if (claims.empty()) return;
      auto& batch = claimed_.emplace_back();
      for (auto& claim : claims) batch.push_back(settlement(std::move(claim), true));
    }
  }
  void settle_claimed() {
    for (const auto& batch : claimed_) store_.settle(batch);
  }

  void report(const char* name) const {
    const double insert = insert_.count() / load_.deliveries, claim = claim_.count() / done_,
                 settle = settle_.count() / done_, cpu = cpu_.count() / done_;
    std::printf(
        "%-10s insert %6.1f  claim %6.1f  settle %6.1f us each: %8.0f deliveries/s one after the other, "
        "%6.1f us of CPU each\n",
        name, insert * 1e6, claim * 1e6, settle * 1e6, 1 / (insert + claim + settle), cpu * 1e6);
  }

 private:
  static void timed(Seconds& total, const std::function<void()>& step) {
    const auto start = std::chrono::steady_clock::now();
    step();
    total += std::chrono::steady_clock::now() - start;
  }
  Uuid new_uuid() {
    std::array<std::uint8_t, 10> entropy{};
    random_.fill(entropy);
    return Uuid::v7(clock_.unix_now().time_since_epoch(), entropy);
  }
  delivery::NewEvent new_event(int number) {
    delivery::NewEvent made;
    made.event.tenant_id = tenants_[static_cast<std::size_t>(number) % tenants_.size()];
    made.event.event_id = EventId::parse(new_uuid().to_string()).value();
    made.event.event_type = "alert.created";
    made.event.schema_version = "1.0";
    made.event.source = "oneprotect/detector";
    made.event.timestamp = "2026-01-02T03:04:05Z";
    made.event.correlation_id = "corr-" + std::to_string(number / 4);
    made.event.alert_id = "alert-" + std::to_string(number);
    made.event.payload = "{\"text\":\"" + std::string(500, 'x') + "\"}";
    made.content_hash = crypto::sha256(made.event.payload);
    const auto& destination = destinations_[static_cast<std::size_t>(number) % destinations_.size()];
    made.deliveries.push_back({DeliveryId{new_uuid()}, destination,
                               delivery::idempotency_key(made.event.tenant_id, destination, made.event.event_id),
                               load_.ordered ? made.event.event_id.str() : ""});
    return made;
  }
  delivery::Settlement settlement(delivery::Claim&& claim, bool success) {
    Attempt attempt;
    attempt.number = claim->attempts_made + 1;
    attempt.started_at = clock_.unix_now();
    attempt.result = success ? AttemptResult::succeeded : AttemptResult::retryable;
    attempt.http_status = success ? 200 : 503;
    attempt.response_summary = "{\"ok\":true}";
    delivery::Decision decision;
    decision.next = success ? DeliveryState::delivered : DeliveryState::retry_scheduled;
    decision.retry_in = 1h;
    std::optional<audit::Entry> entry;
    if (success && load_.audited) {
      entry.emplace();
      entry->tenant = claim->event->tenant_id;
      entry->at = clock_.unix_now();
      entry->actor_id = "integrationsd";
      entry->action = audit::Action::delivery_delivered;
      entry->target = "delivery:" + claim->delivery.to_string();
      entry->correlation_id = claim->event->correlation_id;
    }
    return {std::move(claim), std::move(attempt), decision, new_uuid(), std::move(entry)};
  }

  delivery::DeliveryStore& store_;
  const Load load_;
  RealClock clock_;
  test::SeededRandom random_{std::random_device{}()};
  std::vector<DestinationId> destinations_;
  std::vector<TenantId> tenants_;
  std::vector<std::vector<delivery::Settlement>> claimed_;
  Seconds insert_{0}, claim_{0}, settle_{0}, cpu_{0};
  int done_ = 0;
};

}  // namespace opi::store_bench
