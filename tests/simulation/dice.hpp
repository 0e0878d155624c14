#pragma once
#include <chrono>

#include "domain/clock.hpp"

namespace opi::simulation {

// What the seed decides.
class Dice {
 public:
  explicit Dice(Random& random) : random_(random) {}
  int pick(int below) { return static_cast<int>(random_.uniform() * below); }
  bool chance(double share) { return random_.uniform() < share; }
  std::chrono::milliseconds up_to(std::chrono::milliseconds most) {
    return std::chrono::milliseconds{static_cast<long long>(random_.uniform() * static_cast<double>(most.count()))};
  }
  template <class Container>
  auto& one_of(Container& all) {
    return all[static_cast<std::size_t>(pick(static_cast<int>(all.size())))];
  }

 private:
  Random& random_;
};

}  // namespace opi::simulation
