#pragma once
#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <chrono>
#include <cstdint>
#include <optional>

#include "delivery/claim.hpp"
#include "delivery/rate_limiter.hpp"
#include "domain/circuit_breaker.hpp"
#include "domain/hold.hpp"

namespace opi::delivery {

class TenantLanes;

// Where the scheduler has a lane. A lane is looked at again only when it goes from one place to another.
enum class LanePlace {
  idle,      // nothing known to be due, or nothing may be claimed for it
  timed,     // may be claimed for from a known time on
  ready,     // may be claimed for
  claiming,  // a claim for it is under way
  full,      // has something due and waits for a slot of its own, or for the end of its probe
};

// What the scheduler knows of one destination: numbers, no deliveries. Not thread-safe.
struct Lane : boost::intrusive::set_base_hook<>,
              boost::intrusive::list_base_hook<>,
              boost::intrusive::list_base_hook<boost::intrusive::tag<struct ChangedTag>>,
              boost::intrusive::list_base_hook<boost::intrusive::tag<struct StrangerTag>> {
  // `looks` counts how often this lane, or another one, was asked what may be claimed for it.
  Lane(const DestinationId& destination, TenantLanes& owner, const CircuitBreaker::Options& breaker_options,
       std::uint64_t& looks)
      : id(destination), tenant(&owner), breaker(breaker_options), looks_(looks) {}

  // The earliest time at which something may be claimed, if nothing new happens; MonoTime::max(): not by itself.
  [[nodiscard]] MonoTime ready_at() const;
  // How many deliveries may be claimed now as far as the destination itself is concerned.
  [[nodiscard]] int free_slots(MonoTime now);
  [[nodiscard]] int busy() const { return in_flight + reserved + elsewhere; }
  // At most so many at a time.
  [[nodiscard]] int bound() const { return window > 0 ? std::min(window, cap) : cap; }
  // How the receiver took a request: one that throttles is not sent as many as before when its pause is over, but one,
  // and with each answer that is none of that kind twice as many.
  void throttled() { window = 1; }
  void was_answered(MonoTime now) {
    if (window > 0 && now >= paused_until) window = window < cap / 2 ? window * 2 : 0;
  }
  [[nodiscard]] MonoTime not_before() const { return std::max(paused_until, held_until); }
  [[nodiscard]] bool may_be_served() const { return listed && served && ours && known; }

  const DestinationId id;
  TenantLanes* const tenant;
  LanePlace place = LanePlace::idle;
  MonoTime timed_for{};  // the key of its place among the timed

  bool served = true;  // by the catalog
  bool listed = true;  // not: gone from the catalog, kept while something is in flight
  bool ours = true;    // not: another daemon serves it
  bool known = false;  // what the store remembers of it has been read
  int cap = 1;
  int window = 0;                   // at a time after the receiver throttled; 0: cap alone
  int in_flight = 0, reserved = 0;  // here: flights, and slots that a plan keeps for its claim
  int elsewhere = 0;                // leases of a daemon that served it before
  MonoTime elsewhere_until{};

  MonoTime next_due = MonoTime::max();  // max: nothing known
  MonoTime paused_until{};              // the receiver asked for it
  std::optional<UnixTime> paused_since, tripped_since;
  MonoTime held_until{};  // it cannot be served; then that is looked at again
  // Why nothing goes to it, breaker and pauses apart; found when it was looked up, or only by an attempt.
  std::optional<Hold> hold;
  bool found_by_attempt = false;
  std::uint64_t hints = 0, hints_at_plan = 0;
  // A claim looks only behind the last claimed due time, and once in a while a stretch before it.
  DueTime watermark = due_since_ever;
  MonoTime swept_at{};
  bool sweeping = false;    // the claim under way looks a stretch before the watermark
  bool overtaken = false;   // what others stored may be due a little before it
  bool looks_back = false;  // the claim under way looks before the watermark, however far
  // Of the answer that is being read:
  int got = 0;
  DueTime last_got = due_since_ever;
  CircuitBreaker breaker;
  RateLimiter limiter;

 private:
  [[nodiscard]] MonoTime probe_at() const;

  std::uint64_t& looks_;
};

using ChangedHook = boost::intrusive::list_base_hook<boost::intrusive::tag<ChangedTag>>;
using StrangerHook = boost::intrusive::list_base_hook<boost::intrusive::tag<StrangerTag>>;
using TimedHook = boost::intrusive::set_base_hook<>;
using ReadyHook = boost::intrusive::list_base_hook<>;

struct EarlierLane {
  bool operator()(const Lane& a, const Lane& b) const { return a.timed_for < b.timed_for; }
};

// The lanes of one tenant that may be claimed for, in turn, and the slots that all of its lanes hold.
class TenantLanes : public boost::intrusive::list_base_hook<> {
 public:
  boost::intrusive::list<Lane, boost::intrusive::base_hook<ReadyHook>> ready;
  int busy = 0;
  int lanes = 0;  // that there are of it
};

}  // namespace opi::delivery
