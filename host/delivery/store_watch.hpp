#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::delivery {

// What the outbox drags along: rows that have ended and could not be removed yet.
struct Ballast {
  std::int64_t live_rows = 0, dead_rows = 0;
  std::chrono::milliseconds oldest_snapshot{0};  // for so long somebody has kept those of that time from being removed
};

// Writes something to the store that means nothing. For one thread.
class WriteProbe {
 public:
  virtual ~WriteProbe() = default;
  // Returns when it is as durable as an accepted event is. Throws StoreUnavailable.
  virtual void prove_write() = 0;
  // nullopt of a store that removes what has ended at once. Throws StoreUnavailable.
  virtual std::optional<Ballast> weigh() { return std::nullopt; }
};

// Knows whether the store takes writes, from trying over and over: whoever wants to know does not wait for the store.
class StoreWatch {
 public:
  struct Options {
    std::chrono::milliseconds interval{2'000}, retry_interval{500};
    std::chrono::milliseconds patience{3'000};  // with a store that does not answer
    std::chrono::milliseconds weigh_interval{60'000};
  };

  // Borrows all but the options. At its start the store has just been migrated, which was a write.
  StoreWatch(WriteProbe& probe, const Clock& clock, telemetry::Metrics& metrics, telemetry::Logger& logger,
             const Options& options)
      : probe_(probe), clock_(clock), metrics_(metrics), logger_(logger), options_(options) {}

  // Tries once; takes as long as the store does. Returns when to try again.
  std::chrono::milliseconds run_once();

  // Why nothing can be written; empty if something could be. Never waits. Thread-safe.
  [[nodiscard]] std::string fault() const;

 private:
  void learned(std::string fault);
  void weigh();  // now and then

  WriteProbe& probe_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Logger& logger_;
  const Options options_;
  std::optional<MonoTime> weighed_at_;
  mutable Mutex mutex_;
  std::string fault_ OPI_GUARDED_BY(mutex_);
  std::optional<MonoTime> asked_at_ OPI_GUARDED_BY(mutex_);  // while the store owes an answer
};

}  // namespace opi::delivery
