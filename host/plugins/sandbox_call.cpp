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

// The child holds the plugin to the order of an answer: what is out of it does not come from the child's own code.
void play_secret_op(const opi_secret_out& secret, FrameKind op, FrameReader& in) {
  opi_status status = OPI_OK;
  if (op == FrameKind::absent) {
    status = secret.ops->absent(secret.impl, in.u64());
  } else if (op == FrameKind::fail) {
    const auto why = static_cast<opi_status>(in.u32());
    status = secret.ops->fail(secret.impl, why, in.plugin_text());
  } else {
    opi_secret_meta meta;
    read(in, meta);
    status = (op == FrameKind::commit ? secret.ops->commit : secret.ops->not_modified)(secret.impl, &meta);
  }
  if (status != OPI_OK) throw BrokenFrame("an answer is out of order");
}

bool is_of_a_secret(FrameKind op) { return op >= FrameKind::value && op <= FrameKind::fail; }

}  // namespace

bool asks(FrameKind op) { return op >= FrameKind::header_secret && op <= FrameKind::verdict; }

void Answer::tell_of_loss() noexcept {
  if (!done_) return;
  try {
    (*this)(held_call("the daemon could not carry the call on"));
  } catch (...) {
    // Who is told must not throw, and nobody is left to be told of it.
  }
}

Phase phase_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::create: return Phase::create;
    case FrameKind::destroy: return Phase::destroy;
    case FrameKind::render: return Phase::render;
    case FrameKind::interpret: return Phase::interpret;
    case FrameKind::check_reference: return Phase::check_reference;
    case FrameKind::resolve: return Phase::resolve;
    default: return Phase::init;
  }
}

std::span<char> place_for_value(const SandboxCall& call, FrameReader& in) {
  if (call.secret.ops == nullptr) throw BrokenFrame("a value comes from what is no resolve()");
  const auto key = in.u64(), bytes = in.u64();
  in.end();
  auto* const place = call.secret.ops->reserve(call.secret.impl, key, bytes);
  if (place == nullptr) throw BrokenFrame("a value is none that was asked for");
  return {reinterpret_cast<char*>(place), static_cast<std::size_t>(bytes)};
}

void play(const SandboxCall& call, FrameKind op, FrameReader& in, FrameWriter& answer) {
  if (op == FrameKind::confined) {
    if (!call.confinement_fault) throw BrokenFrame("it says in the midst of a call that it is confined");
    if (const auto fault = call.confinement_fault(); !fault.empty()) throw BrokenFrame(fault);
  } else if (is_of_a_secret(op)) {
    if (call.secret.ops == nullptr) throw BrokenFrame("an answer comes from what is no resolve()");
    play_secret_op(call.secret, op, in);
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
