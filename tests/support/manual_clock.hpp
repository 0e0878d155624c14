#pragma once
#include <atomic>

#include "domain/clock.hpp"

namespace opi::test {

// A clock that stands still until it is moved. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixTime start = UnixTime{std::chrono::milliseconds{1'790'000'000'000}}) : unix_(start) {}

  [[nodiscard]] UnixTime unix_now() const override { return unix_.load(); }
  [[nodiscard]] MonoTime mono_now() const override { return mono_.load(); }

  void advance(std::chrono::milliseconds by) {
    unix_ = unix_.load() + by;
    mono_ = mono_.load() + by;
  }
  // Moves wall time alone, in either direction, as an administrator or NTP does.
  void jump(std::chrono::milliseconds by) { unix_ = unix_.load() + by; }

 private:
  std::atomic<UnixTime> unix_;
  std::atomic<MonoTime> mono_{MonoTime{std::chrono::hours{1}}};
};

}  // namespace opi::test
