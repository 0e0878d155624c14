#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "check/report.hpp"

namespace opi::tool {

// What a check has come to.
struct Told {
  std::vector<Finding> findings;
  std::string skipped;  // why it could not be judged; empty: it was
};

// Runs a check in a child process with limits on memory, CPU time and descriptors, whose output goes nowhere. A crash,
// an exit and a hang beyond the deadline become findings. This process must have one thread. Throws std::system_error
// if there can be no child.
Told run_in_child(const std::function<void(Report&)>& check, std::chrono::milliseconds deadline);

}  // namespace opi::tool
