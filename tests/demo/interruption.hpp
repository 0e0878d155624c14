#pragma once
#include <chrono>

namespace opi::demo {

// The user wants the demo to end. Thrown by pause(), so that every destructor on the way runs.
class Interrupted {};

// Takes SIGINT, SIGTERM and SIGHUP out of the signals' usual way, so that they are noticed only where the demo waits.
// Make one before any thread.
class Interruption {
 public:
  Interruption();
  // Waits; throws Interrupted at once if the user wants to end. The demo paces its display and its questions with
  // this, so none of its waits outlives a Ctrl-C.
  void pause(std::chrono::milliseconds duration) const;
  // Waits for the user.
  void wait() const;
};

}  // namespace opi::demo
