#pragma once
#include <array>

#include "plugins/sandbox.hpp"

namespace opi::plugins {

// A process with its session.
struct Sandbox::Run {
  static constexpr const char* stopped = "the plugin is being stopped";

  Run(const SandboxOptions& options, const Descriptor& image, const HostServices& services,
      std::map<std::uint64_t, std::string>& refused)
      : process(options.program, image), session(services, refused) {}
  SandboxProcess process;
  SandboxSession session;
  Clock::time_point current_since = Clock::now();
  std::array<char, 64 * 1024> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recvmsg
};

}  // namespace opi::plugins
