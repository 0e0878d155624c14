#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <thread>

#include "domain/receiver.hpp"
#include "scripted_provider.hpp"
#include "secrets/secret_broker.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace opi::secrets {

using namespace std::chrono_literals;

class SilentLogger final : public telemetry::Logger {
 public:
  void log(telemetry::Level, std::string_view, std::initializer_list<telemetry::Field>) override {}
  [[nodiscard]] bool enabled(telemetry::Level) const override { return false; }
};

// Always the middle or the given place of the jitter.
class FixedRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, std::uint8_t{0}); }
  double uniform() override { return place; }
  double place = 0.5;
};

// A thread for each call, as long as the test lasts.
class Threads {
 public:
  SecretBroker::Executor executor() {
    return [this](std::function<void()> blocking, std::function<void()> after) {
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([blocking = std::move(blocking), after = std::move(after)] { blocking(), after(); });
    };
  }
  // Of all calls, and of those that they bring about.
  void join() {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (threads_.empty()) return;
      auto thread = std::move(threads_.front());
      threads_.pop_front();
      lock.unlock();
      thread.join();
    }
  }
  ~Threads() { join(); }

 private:
  std::mutex mutex_;
  std::deque<std::thread> threads_;
};

class Broker : public testing::Test {
 protected:
  using SetPointer = std::shared_ptr<const SecretSet>;

  // Jobs wait until the test runs them, unless `inline_jobs`.
  std::unique_ptr<SecretBroker> make(SecretBroker::Options options = {}) {
    providers.replace({provider});
    return std::make_unique<SecretBroker>(
        providers,
        [this](std::function<void()> blocking, std::function<void()> after) {
          if (inline_jobs) return blocking(), after();
          jobs.push_back([blocking = std::move(blocking), after = std::move(after)] { blocking(), after(); });
        },
        clock, random, metrics, logger, options);
  }
  void run_one_job() {
    auto job = std::move(jobs.front());
    jobs.pop_front();
    job();
  }
  void run_jobs() {
    while (!jobs.empty()) run_one_job();
  }
  static Credential credential(int version, std::string reference, std::optional<UnixTime> expires = std::nullopt,
                               std::string purpose = "signing") {
    return {std::move(purpose), version, std::move(reference), expires, {}};
  }
  std::shared_ptr<Destination> destination(std::vector<Credential> credentials, std::uint8_t id = 1) {
    auto d = std::make_shared<Destination>();
    d->tenant_id = *TenantId::parse("acme");
    d->id.value.bytes[15] = id;
    d->credentials = std::move(credentials);
    d->revision = 1;
    bind_credentials(*d);
    return d;
  }
  SetPointer resolve(SecretBroker& broker, const std::shared_ptr<const Destination>& d) {
    SetPointer got;
    broker.resolve(d, [&](SetPointer set) { got = std::move(set); });
    return got;
  }
  static std::vector<std::string> values(const SetPointer& set, std::string_view purpose = "signing") {
    std::vector<std::string> result;
    for (const auto& version : set->find(purpose)->versions) {
      const auto bytes = version.value->reveal();
      result.emplace_back(bytes.begin(), bytes.end());
    }
    return result;
  }
  // "2 resolved;1 missing;": of each credential, the current one first.
  static std::string states(const SetPointer& set) {
    std::string all;
    for (const auto& one : set->credentials)
      all += std::to_string(one.version) + " " + std::string(to_string(one.state)) + ";";
    return all;
  }
  static std::string failure(const SetPointer& set) { return set->find("signing")->failure; }

  using Values = std::vector<std::string>;
  test::ManualClock clock;
  FixedRandom random;
  SilentLogger logger;
  telemetry::Metrics metrics;
  std::shared_ptr<ScriptedProvider> provider = std::make_shared<ScriptedProvider>();
  SecretProviders providers;
  std::deque<std::function<void()>> jobs;
  bool inline_jobs = true;
  std::int64_t revision = 0;
};

}  // namespace opi::secrets
