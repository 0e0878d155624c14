#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/alert.hpp"
#include "domain/hold.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// What is wrong with a destination of the catalog just now, as far as the store tells.
struct DestinationTrouble {
  // Attempts that failed since the last success, from the sums that settlements keep: a step of them
  // (delivery_health.hpp) in which something was delivered counts as a success.
  struct Streak {
    UnixTime since{}, last{};
    std::int64_t failures = 0;
    std::optional<int> http_status;  // of the last
    bool operator==(const Streak&) const = default;
  };
  DestinationId destination;
  std::optional<Streak> streak;
  std::int64_t parked = 0;   // dead letters, counted up to what was asked for
  std::optional<Hold> hold;  // as whoever serves it has found; with a breaker or a pause if there is nothing else
  bool operator==(const DestinationTrouble&) const = default;
};

// Alerts as they are stored, and what they are judged by. Thread-safe. Every function throws StoreUnavailable (nothing
// changed) or, where it writes, CommitInDoubt: asking again is harmless.
class AlertStore {
 public:
  static constexpr int most_listed = 500;

  virtual ~AlertStore() = default;

  // The destinations of a tenant that are in trouble. Attempts before `from` are not looked at, nor more than
  // `parked_at_most` dead letters of one destination: it costs by destinations and not by what waits.
  virtual std::vector<DestinationTrouble> troubles(const TenantId& tenant, UnixTime from,
                                                   std::int64_t parked_at_most) = 0;

  // Those that are active, that an event is owed of, or that were raised at `raised_since` or later; oldest first.
  virtual std::vector<Alert> known(const TenantId& tenant, UnixTime raised_since) = 0;

  // Stores new ones. One about a cause of which an alert is active already is left out.
  virtual void raise(std::span<const Alert> alerts) = 0;
  // Stores since, gone_since, cleared_at, owed and recipients of those that are there. What was cleared stays cleared.
  virtual void update(std::span<const Alert> alerts) = 0;

  // The active ones first, each part with the youngest first; at most `limit`, which is at most most_listed. `active`:
  // only those that are, or are not.
  virtual std::vector<Alert> list(const TenantId& tenant, std::optional<bool> active, int limit) = 0;

  virtual std::int64_t remove_cleared(const TenantId& tenant, UnixTime cleared_before, int limit) = 0;
};

}  // namespace opi::delivery
