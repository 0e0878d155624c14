#pragma once
#include <chrono>

namespace opi::kubernetes {

// Everything of one query ends by one point in time, whatever the other side does meanwhile.
using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

}  // namespace opi::kubernetes
