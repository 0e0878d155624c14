#pragma once
#include <array>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "domain/clock.hpp"

namespace opi::egress {

// A point in time at which something must be told. Unlinks itself when destroyed. Not thread-safe.
class Deadline : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~Deadline() = default;
  [[nodiscard]] MonoTime due() const { return due_; }
  [[nodiscard]] bool armed() const { return is_linked(); }
  void disarm() {
    if (is_linked()) unlink();
  }

 private:
  friend class DeadlineWheel;
  virtual void expired() = 0;
  MonoTime due_{};
};

// Tens of thousands of deadlines at constant cost each: a ring of slots, one per tick, in which a deadline
// further off than one turn is passed over until its turn comes. Expires never early and at most one tick late.
// Pure: time is handed in. Not thread-safe.
class DeadlineWheel {
 public:
  static constexpr std::chrono::milliseconds tick{8};
  static constexpr std::size_t slot_count = 1024;  // one turn: about 8 seconds

  explicit DeadlineWheel(MonoTime start) : start_(start) {}

  // Arms or rearms.
  void arm(Deadline& deadline, MonoTime due);

  // Calls expired() of everything due at or before `now`; each is disarmed first. expired() may arm and
  // disarm any deadline.
  void advance(MonoTime now);

  // When advance() is worth a call next; nullopt if nothing is armed. May be earlier than needed.
  [[nodiscard]] std::optional<MonoTime> next() const;

 private:
  using Slot = boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>>;
  [[nodiscard]] std::int64_t tick_of(MonoTime time) const { return (time - start_) / tick; }

  MonoTime start_;
  std::int64_t done_ = -1;  // the last tick that was looked at
  std::array<Slot, slot_count> slots_;
};

}  // namespace opi::egress
