#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace opi::runtime {

// Tells systemd (sd_notify) about the daemon's life; a no-op when it was not started by systemd.
class ServiceNotifier {
 public:
  void ready(const std::string& status);
  void reloading();
  void stopping();
  void watchdog();
  // Half of WATCHDOG_USEC, or nullopt if no watchdog is asked for.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const;
};

}  // namespace opi::runtime
