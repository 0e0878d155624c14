#pragma once
#include <optional>
#include <string>

#include "plugins/descriptor.hpp"

namespace opi::plugins {

// The daemon's end of a confined process's system calls: the kernel stops the process in each that its filter leaves to
// the daemon (host_process/confinement.hpp), and asks here. Who holds this decides when it is over with such calls; the
// process cannot do without being asked for. Single-threaded.
class SeccompListener {
 public:
  // None: nothing is asked.
  SeccompListener() = default;
  explicit SeccompListener(Descriptor listener) : listener_(std::move(listener)) {}

  // To be polled for input; negative if there is none.
  [[nodiscard]] int descriptor() const { return listener_.get(); }
  // Lets the call go on that the process is stopped in. Throws std::system_error.
  void allow();
  // The call that the process is stopped in, by its number; nullopt if it is in none (any more). It stays stopped.
  [[nodiscard]] std::optional<int> asked();

 private:
  Descriptor listener_;
};

}  // namespace opi::plugins
