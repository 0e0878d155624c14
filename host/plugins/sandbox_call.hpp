#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugins/adapter_instance.hpp"
#include "plugins/breadcrumbs.hpp"
#include "plugins/frame.hpp"

namespace opi::plugins {

// What a plugin's process makes an instance of, as often as it is started.
struct SandboxInstance {
  std::uint64_t number = 0;
  std::string create;  // frame
  std::vector<std::string> confidential;
};

// A call on its way to a plugin's process, and the host's side of it.
struct SandboxCall {
  FrameKind kind{};
  std::shared_ptr<const SandboxInstance> instance;  // null: of the plugin itself
  std::string frame;                                // whose number is set when it is sent
  opi_request_out request{};                        // render
  opi_verdict_out verdict{};                        // interpret
  std::function<void(const CallEnd&)> done;         // may be empty
  // start: looks whether the process is confined, as it says; returns in what it is not.
  std::function<std::string()> confinement_fault{};
};

Phase phase_of(FrameKind kind);

// Plays an op of the child's to the host's side of the call. The answer's status, and what else there is, is appended
// to `answer` if the op asks. Throws BrokenFrame for what no such call may do.
void play(const SandboxCall& call, FrameKind op, FrameReader& in, FrameWriter& answer);
[[nodiscard]] bool asks(FrameKind op);

}  // namespace opi::plugins
