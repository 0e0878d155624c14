#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "delivery/delivery_store.hpp"
#include "delivery/rate_limiter.hpp"
#include "domain/catalog.hpp"
#include "domain/circuit_breaker.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

// What the end of an attempt says about its destination.
struct Feedback {
  enum class Kind {
    answered,  // the receiver works, whatever it said
    failed,    // it does not: no answer, or a status that says so
    none,      // nothing was sent
  };
  Kind kind = Kind::none;
  std::chrono::milliseconds pause{0};                    // the receiver asked for this much silence
  std::optional<std::chrono::milliseconds> next_due_in;  // the delivery is due again
};

// Decides whose deliveries are claimed next: round robin over tenants, then over each tenant's destinations,
// within the free slots, rate limit and breaker of each, so that one slow, dead or flooded receiver leaves the
// others' share alone. Keeps no deliveries, only per-destination numbers. Thread-safe.
class Scheduler {
 public:
  struct Options {
    int max_in_flight = 2'000;  // claimed and unsettled deliveries of this daemon
    int claim_batch = 500;      // deliveries per claim
    int quantum = 16;           // deliveries a destination gets before its turn passes
    // A claim looks only behind the last claimed due time; this often it looks at everything, so that a
    // delivery which became visible late is delayed by no more.
    std::chrono::milliseconds sweep_interval{1'000};
    CircuitBreaker::Options breaker;
  };

  explicit Scheduler(const Options& options) : options_(options) {}

  void update(const Catalog& catalog);

  // The destination has live deliveries, the earliest due at `when`. Unknown destinations are ignored.
  void mark_due(const DestinationId& destination, MonoTime when);

  // What to claim now; its slots are reserved until claimed() or claim_failed(). Empty: nothing to do.
  std::vector<ClaimRequest> plan(MonoTime now);
  void claimed(std::span<const ClaimRequest> requests, std::span<const Claim> claims, MonoTime now);
  void claim_failed(std::span<const ClaimRequest> requests, MonoTime now);

  // A claimed delivery was settled.
  void finished(const DestinationId& destination, const Feedback& feedback, MonoTime now);
  // A claimed delivery was given back; it is due since `due_at`.
  void released(const DestinationId& destination, DueTime due_at, MonoTime now);
  // Nothing of the destination is claimed before `until` (its adapter is missing).
  void hold(const DestinationId& destination, MonoTime until);

  // When plan() may have something to do again without any further news; MonoTime::max() if never.
  [[nodiscard]] MonoTime next_wakeup(MonoTime now);

  // How this daemon stands with one destination.
  struct LaneStatus {
    int in_flight = 0;
    enum class Breaker { closed, open, probing } breaker = Breaker::closed;
    std::optional<std::chrono::milliseconds> probe_in;  // of an open breaker
    std::optional<std::chrono::milliseconds> pause;     // left of what the receiver asked for, or of a hold
  };
  // Nothing of unknown destinations.
  [[nodiscard]] LaneStatus status(const DestinationId& destination, MonoTime now);

  struct Counts {
    int in_flight = 0, due = 0, breakers_open = 0;
  };
  [[nodiscard]] Counts counts(MonoTime now);

 private:
  struct Lane {
    Lane(DestinationId destination_id, const CircuitBreaker::Options& breaker_options)
        : id(destination_id), breaker(breaker_options) {}
    DestinationId id;
    bool served = true, listed = true;  // not listed: gone from the catalog, kept while something is in flight
    int cap = 1, in_flight = 0, reserved = 0;
    MonoTime next_due = MonoTime::max();  // max: nothing known
    MonoTime not_before{};                // paused or held
    std::uint64_t hints = 0, hints_at_plan = 0;
    DueTime watermark = due_since_ever;
    MonoTime swept_at{};
    CircuitBreaker breaker;
    RateLimiter limiter;
  };
  struct TenantLanes {
    std::vector<Lane*> lanes;
    std::size_t cursor = 0;
  };

  [[nodiscard]] static MonoTime ready_at(const Lane& lane, MonoTime now);
  [[nodiscard]] static int free_slots(Lane& lane, MonoTime now);
  ClaimRequest reserve(Lane& lane, int limit, MonoTime now) OPI_REQUIRES(mutex_);
  Lane* find(const DestinationId& destination) OPI_REQUIRES(mutex_);

  const Options options_;
  Mutex mutex_;
  std::unordered_map<DestinationId, std::unique_ptr<Lane>> lanes_ OPI_GUARDED_BY(mutex_);
  std::map<TenantId, TenantLanes> tenants_ OPI_GUARDED_BY(mutex_);
  TenantId next_tenant_ OPI_GUARDED_BY(mutex_);  // where the next plan begins
  int in_flight_ OPI_GUARDED_BY(mutex_) = 0;
  int reserved_ OPI_GUARDED_BY(mutex_) = 0;
};

}  // namespace opi::delivery
