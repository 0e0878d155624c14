#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "domain/circuit_breaker.hpp"
#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "secrets/secret_provider.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::secrets {

// Every provider's own lane: so many calls at a time, which tenants share by the rule of TenantShares, the others
// behind them, in turns, and circuit breakers. A call that does not come back keeps its place in its own lane, out of
// its tenant's share. Thread-safe.
class ProviderLanes {
 public:
  struct Options {
    int places = 5;                            // calls of one provider at a time; one tenant's alone leave one free
    std::chrono::milliseconds timeout{5'000};  // what a call is told as its deadline, and the longest wait for a place
    std::chrono::milliseconds grace{500};      // beyond its deadline for a call to say itself what went wrong
    CircuitBreaker::Options breaker{.failure_threshold = 5, .max_cooldown = std::chrono::milliseconds{60'000}};
  };
  // Runs `blocking` elsewhere, at once, and then `after`. It may give `blocking` up while the program ends, and then
  // drops `after`: `blocking` owns what it touches.
  using Executor = std::function<void(std::function<void()> blocking, std::function<void()> after)>;

  enum class Ending {
    returned,  // the last that is heard of a call, as is `refused`
    overdue,   // it is late, and whoever waits for it should not go on: `returned` follows if it ever comes back
    refused,   // it was never made: a breaker is open, or no place became free in time
  };
  struct Call {
    TenantId tenant;  // whose turn it is
    // Blocks; whether the provider's store answered, whatever it said. Nullopt: it was not asked.
    std::function<std::optional<bool>(MonoTime deadline)> ask;
    std::function<void(Ending)> ended;  // must not throw
  };

  ProviderLanes(Executor executor, const Clock& clock, telemetry::Metrics& metrics, telemetry::Logger& logger,
                const Options& options)
      : executor_(std::move(executor)), clock_(clock), metrics_(metrics), logger_(logger), options_(options) {}
  ~ProviderLanes();
  ProviderLanes(const ProviderLanes&) = delete;
  ProviderLanes& operator=(const ProviderLanes&) = delete;

  void submit(const std::shared_ptr<SecretProvider>& provider, Call call);
  // Ends what has waited too long; to be called every now and then.
  void run_once();

 private:
  struct Lane;
  struct Flight;
  using Flights = std::deque<std::shared_ptr<Flight>>;

  std::shared_ptr<Lane> lane_of(const std::shared_ptr<SecretProvider>& provider) OPI_REQUIRES(mutex_);
  // What may start now, taken out of the lane's queues.
  Flights startable(Lane& lane) OPI_REQUIRES(mutex_);
  void start(const Flights& flights);
  void returned(const std::shared_ptr<Flight>& flight);
  void judge(Lane& lane, const TenantId& tenant, bool answered) OPI_REQUIRES(mutex_);

  const Executor executor_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Logger& logger_;
  const Options options_;
  Mutex mutex_;
  std::map<const SecretProvider*, std::shared_ptr<Lane>> lanes_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::secrets
