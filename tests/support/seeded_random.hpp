#pragma once
#include <algorithm>
#include <cstdint>
#include <mutex>
#include <random>

#include "domain/clock.hpp"

namespace opi::test {

// The same seed, the same sequence of answers. Thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

  void fill(std::span<std::uint8_t> bytes) override {
    const std::lock_guard lock{mutex_};
    std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(engine_()); });
  }
  double uniform() override {
    const std::lock_guard lock{mutex_};
    return static_cast<double>(engine_() >> 11U) * 0x1.0p-53;
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace opi::test
