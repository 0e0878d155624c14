#pragma once
#include <stdexcept>
#include <string>

namespace opi::simulation {

// A violated invariant; what() says which, with the ids.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Keeps the first violation that was seen inside of a daemon, where an exception would be caught as any other.
class Findings {
 public:
  void note(const std::string& what) {
    if (first_.empty()) first_ = what;
  }
  void require(bool holds, const std::string& what) {
    if (!holds) note(what);
  }
  void raise() const {
    if (!first_.empty()) throw Violation(first_);
  }

 private:
  std::string first_;
};

}  // namespace opi::simulation
