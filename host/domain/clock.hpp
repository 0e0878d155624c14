#pragma once
#include <chrono>
#include <cstdint>
#include <span>

namespace opi {

// Milliseconds are the resolution of everything that is stored or shown.
using UnixTime = std::chrono::sys_time<std::chrono::milliseconds>;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

// The only source of time outside the database. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual UnixTime unix_now() const = 0;  // may jump: for records and signatures
  [[nodiscard]] virtual MonoTime mono_now() const = 0;  // never jumps: for deadlines and durations
};

// The only source of chance. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
  // Uniform in [0, 1).
  virtual double uniform() = 0;
};

}  // namespace opi
