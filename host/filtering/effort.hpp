#pragma once
#include <cstdint>

namespace opi::filtering {

// What looking at a value may still cost. A step is a node that is looked at or compared, or 64 bytes of text that are.
class Effort {
 public:
  explicit Effort(std::int64_t steps) : left_(steps) {}

  // False if it is spent.
  bool spend(std::int64_t steps = 1) {
    left_ -= steps;
    return left_ >= 0;
  }
  [[nodiscard]] bool spent() const { return left_ < 0; }

 private:
  std::int64_t left_;
};

}  // namespace opi::filtering
