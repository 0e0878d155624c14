#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "domain/attempt.hpp"
#include "domain/delivery_state.hpp"
#include "domain/event.hpp"
#include "domain/idempotency_key.hpp"
#include "domain/ids.hpp"
#include "domain/outcome.hpp"

namespace opi::delivery {

// Fencing: grows with every claim of the same delivery.
using LeaseToken = std::int64_t;

// A point on the database's clock in microseconds since the Unix epoch.
using DueTime = std::int64_t;
inline constexpr DueTime due_since_ever = INT64_MIN, due_never = INT64_MAX;

// The right to settle one delivery: whoever holds it has the lease. Move-only; given up by Settlement,
// by DeliveryStore::release(), or by letting the lease run out.
class Claim {
 public:
  struct Data {
    DeliveryId delivery;
    DestinationId destination;
    LeaseToken lease = 0;
    int attempts_made = 0;    // recorded attempts; the one under way is this + 1
    int attempts_before = 0;  // those of them that a replay put behind: the policy's budget begins anew after them
    DueTime due_at = 0;
    MonoTime leased_until{};  // on this daemon's clock, measured from before the claim was sent
    UnixTime created_at{};
    IdempotencyKey idempotency_key;
    std::shared_ptr<const Event> event;
    // Of a destination that is served in order: the event's subject, and what the receiver calls it; else all empty.
    std::string subject, prior_ref, prior_url;
    int step = 0;       // the request that comes next, of a delivery in several
    std::string carry;  // what the adapter kept for it

    // The number of the attempt under way as the policy counts it.
    [[nodiscard]] int budgeted_attempt() const { return attempts_made + 1 - attempts_before; }
  };

  explicit Claim(Data data) : data_(std::move(data)) {}
  Claim(Claim&&) noexcept = default;
  Claim& operator=(Claim&&) noexcept = default;
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  // What the receiver calls the subject.
  void refer_to(std::string ref, std::string url) {
    data_.prior_ref = std::move(ref);
    data_.prior_url = std::move(url);
  }

  const Data* operator->() const { return &data_; }
  const Data& operator*() const { return data_; }

 private:
  Data data_;
};

}  // namespace opi::delivery
