#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "child_process.hpp"
#include "interruption.hpp"
#include "state_directory.hpp"

namespace opi::demo {

// integrationsd, with the configuration integrationsd.conf of the state directory.
class DaemonProcess {
 public:
  // Returns once the daemon says that it is ready.
  DaemonProcess(const std::filesystem::path& programs, const StateDirectory& state, const Interruption& interruption);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint16_t status_port() const { return status_port_; }  // of /readyz and /metrics
  [[nodiscard]] const std::filesystem::path& log() const { return log_; }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  // Nullopt while it runs.
  std::optional<ExitStatus> ended() { return process_.wait(std::chrono::milliseconds{0}); }
  // SIGTERM, then waits for it to drain. Throws if it does not end in time.
  ExitStatus stop();

 private:
  void wait_until_ready(const Interruption& interruption);
  // Looks for the line daemon.started in the log.
  void find_logged_ports();

  std::filesystem::path log_, errors_;
  ChildProcess process_;
  std::uint16_t port_ = 0, status_port_ = 0;
};

}  // namespace opi::demo
