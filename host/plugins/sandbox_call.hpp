#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/ids.hpp"
#include "foundation/tenant_shares.hpp"
#include "plugins/answer.hpp"
#include "plugins/breadcrumbs.hpp"
#include "plugins/frame.hpp"
#include "secrets/confidential.hpp"

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
  Answer done;                                      // may be empty
  // start: looks whether the process is confined, as it says; returns in what it is not.
  std::function<std::string()> confinement_fault{};
  opi_secret_out secret{};  // resolve
  // By when it has to be answered, if not within the time that every call has.
  std::optional<std::chrono::steady_clock::time_point> deadline{};
  TenantId tenant{};  // whose it is: his turn, and his account if the process dies of it; empty: the plugin's
  std::shared_ptr<const secrets::Confidential> confidential{};  // interpret: what the plugin's log must not repeat
  HeldPlace<TenantId> place{};                                  // among those that the process has been given
};

Phase phase_of(FrameKind kind);

// Plays an op of the child's to the host's side of the call. The answer's status, and what else there is, is appended
// to `answer` if the op asks. Throws BrokenFrame for what no such call may do.
void play(const SandboxCall& call, FrameKind op, FrameReader& in, FrameWriter& answer);
[[nodiscard]] bool asks(FrameKind op);
// Of the frame that announces a value: where the host wants its bytes. Throws BrokenFrame if it does not want them.
[[nodiscard]] std::span<char> place_for_value(const SandboxCall& call, FrameReader& in);

}  // namespace opi::plugins
