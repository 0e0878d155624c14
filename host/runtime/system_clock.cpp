#include "runtime/system_clock.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>

namespace opi::runtime {
namespace {

void fill_from_kernel(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

// A system call per id would be felt at tens of thousands of ids a second: entropy is fetched in blocks.
struct EntropyBlock {
  std::array<std::uint8_t, 4096> bytes;
  std::size_t used = sizeof bytes;
};

}  // namespace

UnixTime SystemClock::unix_now() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

MonoTime SystemClock::mono_now() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
}

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  thread_local EntropyBlock block;
  while (!bytes.empty()) {
    if (block.used == block.bytes.size()) {
      fill_from_kernel(block.bytes);
      block.used = 0;
    }
    const std::size_t taken = std::min(bytes.size(), block.bytes.size() - block.used);
    std::memcpy(bytes.data(), block.bytes.data() + block.used, taken);
    std::memset(block.bytes.data() + block.used, 0, taken);  // handed out once
    block.used += taken;
    bytes = bytes.subspan(taken);
  }
}

double SystemRandom::uniform() {
  thread_local std::mt19937_64 generator = [] {
    std::uint64_t seed = 0;
    fill_from_kernel({reinterpret_cast<std::uint8_t*>(&seed), sizeof seed});
    return std::mt19937_64{seed};
  }();
  return std::uniform_real_distribution<double>{0.0, 1.0}(generator);
}

}  // namespace opi::runtime
