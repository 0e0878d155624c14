#include "plugins/sandbox_call.hpp"

#include "plugins/exchange_frames.hpp"

namespace opi::plugins {
namespace {

struct Macs {
  std::uint32_t count = 0;
  std::vector<std::pair<std::string, std::string>> list;  // MAC, version
};

void keep_mac(void* ud, opi_bytes mac, opi_str version) {
  static_cast<Macs*>(ud)->list.emplace_back(view(mac), view(version));
}

void play_mac(const opi_request_out& request, FrameReader& in, FrameWriter& answer) {
  const auto slot = in.plugin_text();
  const auto algorithm = in.u32();
  const bool has_callback = in.u32() != 0;
  const auto data = in.plugin_bytes();
  Macs macs;
  const auto status = request.ops->mac(request.impl, slot, algorithm, data, has_callback ? &keep_mac : nullptr, &macs);
  answer.u32(static_cast<std::uint32_t>(status)).u32(static_cast<std::uint32_t>(macs.list.size()));
  for (const auto& [mac, version] : macs.list) answer.text(mac).text(version);
}

void play_request_op(const opi_request_out& request, FrameKind op, FrameReader& in, FrameWriter& answer) {
  const auto* const ops = request.ops;
  const auto first = op == FrameKind::mac ? opi_str{} : op == FrameKind::body ? opi_str{} : in.plugin_text();
  switch (op) {
    case FrameKind::method: (void)ops->method(request.impl, first); break;
    case FrameKind::url: (void)ops->url(request.impl, first); break;
    case FrameKind::header: (void)ops->header(request.impl, first, in.plugin_text()); break;
    case FrameKind::body: (void)ops->body(request.impl, in.plugin_bytes()); break;
    case FrameKind::url_secret: answer.u32(static_cast<std::uint32_t>(ops->url_secret(request.impl, first))); break;
    case FrameKind::header_secret: {
      const auto prefix = in.plugin_text();
      const auto slot = in.plugin_text();
      const auto suffix = in.plugin_text();
      answer.u32(static_cast<std::uint32_t>(ops->header_secret(request.impl, first, prefix, slot, suffix)));
      break;
    }
    case FrameKind::mac: play_mac(request, in, answer); break;
    default: throw BrokenFrame("an op is unknown");
  }
}

}  // namespace

bool asks(FrameKind op) { return op >= FrameKind::header_secret && op <= FrameKind::verdict; }

Phase phase_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::create: return Phase::create;
    case FrameKind::destroy: return Phase::destroy;
    case FrameKind::render: return Phase::render;
    case FrameKind::interpret: return Phase::interpret;
    default: return Phase::init;
  }
}

void play(const SandboxCall& call, FrameKind op, FrameReader& in, FrameWriter& answer) {
  if (op == FrameKind::confined) {
    if (!call.confinement_fault) throw BrokenFrame("it says in the midst of a call that it is confined");
    if (const auto fault = call.confinement_fault(); !fault.empty()) throw BrokenFrame(fault);
  } else if (op == FrameKind::verdict) {
    if (call.verdict.ops == nullptr) throw BrokenFrame("a verdict comes from what is no interpret()");
    opi_verdict verdict;
    const bool passed = read_verdict(in, verdict);
    answer.u32(static_cast<std::uint32_t>(call.verdict.ops->set(call.verdict.impl, passed ? &verdict : nullptr)));
  } else {
    if (call.request.ops == nullptr) throw BrokenFrame("an op of a request comes from what is no render()");
    play_request_op(call.request, op, in, answer);
  }
  in.end();
}

}  // namespace opi::plugins
