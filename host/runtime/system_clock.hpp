#pragma once
#include "domain/clock.hpp"

namespace opi::runtime {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UnixTime unix_now() const override;
  [[nodiscard]] MonoTime mono_now() const override;
};

// Entropy from the kernel for ids and nonces; a per-thread generator seeded by it for jitter.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
  double uniform() override;
};

}  // namespace opi::runtime
