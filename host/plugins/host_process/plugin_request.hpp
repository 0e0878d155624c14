#pragma once
#include "plugins/host_process/channel.hpp"
#include "plugins/request_draft.hpp"

namespace opi::plugins {

// The child's side of opi_request_ops. What needs no secret is judged here, by the host's own rules, and sent along
// without waiting; the host judges it again. The rest is the host's to answer.
class PluginRequest {
 public:
  // Borrows channel and rules.
  PluginRequest(Channel& channel, std::uint64_t call, const RequestRules& rules)
      : channel_(channel), call_(call), rules_(rules), draft_(rules) {}

  [[nodiscard]] opi_request_out out() { return {&ops, this}; }
  // Something of the plugin's, called by an op, let an exception out: there is no request.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  static const opi_request_ops ops;
  template <class Op>
  static opi_status guarded(void* impl, Op&& op) noexcept;

  // Judges an op and sends it, unless a refusal that the host knows of has settled the matter.
  template <class Judge, class Write>
  opi_status send(FrameKind kind, Judge&& judge, Write&& write);
  opi_status header_secret(const opi_str& name, const opi_str& prefix, const opi_str& slot, const opi_str& suffix);
  opi_status mac(const opi_str& slot, std::uint32_t algorithm, const opi_bytes& data, opi_mac_fn each, void* ud);
  opi_status url_secret(const opi_str& slot);

  Channel& channel_;
  const std::uint64_t call_;
  const RequestRules& rules_;
  RequestDraft draft_;
  bool failed_ = false;
};

}  // namespace opi::plugins
