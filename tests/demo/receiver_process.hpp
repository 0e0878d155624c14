#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "child_process.hpp"
#include "state_directory.hpp"

namespace opi::demo {

struct ReceivedCounts {
  std::int64_t requests = 0, bad_signatures = 0, outside_window = 0, accepted = 0, duplicates = 0;
};

// opi-demo-receiver, which verifies every request and plays a part by its path.
class ReceiverProcess {
 public:
  // `secrets_file` holds every signing secret, one a line.
  ReceiverProcess(const std::filesystem::path& programs, const StateDirectory& state,
                  const std::filesystem::path& secrets_file);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string statistics_url() const;
  // By path.
  [[nodiscard]] std::map<std::string, ReceivedCounts> statistics() const;
  ExitStatus stop();

 private:
  ChildProcess process_;
  std::uint16_t port_ = 0;
};

}  // namespace opi::demo
