#include "plugins/sandboxed_adapter.hpp"

#include <future>

#include "plugins/exchange_frames.hpp"

namespace opi::plugins {
namespace {

std::shared_ptr<const SandboxInstance> described(std::uint64_t number, const Component& component,
                                                 const Destination& destination, std::vector<std::string> confidential,
                                                 std::uint32_t log_threshold) {
  FrameWriter create(FrameKind::create, 0);
  create.u32(log_threshold).u64(number).text(component.id).text(destination.id.to_string());
  create.text(destination.tenant_id.str()).text(destination.config);
  create.u64(static_cast<std::uint64_t>(destination.revision))
      .u32(instance_flags(destination))
      .text(destination.endpoint)
      .u64(component.body_bytes);
  create.u32(static_cast<std::uint32_t>(component.egress.size()));
  for (const auto& pattern : component.egress) create.text(pattern);
  return std::make_shared<SandboxInstance>(SandboxInstance{number, create.finish(), std::move(confidential)});
}

}  // namespace

SandboxedAdapter::SandboxedAdapter(std::shared_ptr<const SandboxedPlugin> plugin, std::shared_ptr<Sandbox> sandbox,
                                   std::uint64_t number, const Component& component, const Destination& destination,
                                   std::vector<std::string> confidential)
    : plugin_(std::move(plugin)),
      sandbox_(std::move(sandbox)),
      instance_(described(number, component, destination, std::move(confidential), plugin_->log_threshold())),
      tenant_(destination.tenant_id),
      sees_transport_faults_(plugin_->sees_transport_faults(component)) {}

SandboxedAdapter::~SandboxedAdapter() {
  submit({FrameKind::destroy, instance_, frame(FrameKind::destroy).finish(), {}, {}, {}});
}

void SandboxedAdapter::submit(SandboxCall call) const {
  call.tenant = tenant_;
  sandbox_->submit(std::move(call));
}

FrameWriter SandboxedAdapter::frame(FrameKind kind) const {
  FrameWriter out(kind, 0);
  out.u32(plugin_->log_threshold()).u64(instance_->number);
  return out;
}

std::string SandboxedAdapter::refusal() const {
  const auto answer = std::make_shared<std::promise<std::string>>();
  auto future = answer->get_future();
  submit({FrameKind::create, instance_, instance_->create, {}, {}, [answer](const CallEnd& end) {
            answer->set_value(end.status == OPI_OK || end.status == OPI_E_BUSY ? "" : end.error);
          }});
  return future.get();
}

void SandboxedAdapter::render(const opi_delivery& delivery, const opi_request_out& request, Done done) const {
  auto out = frame(FrameKind::render);
  write(out, delivery);
  submit({FrameKind::render, instance_, out.finish(), request, {}, std::move(done)});
}

void SandboxedAdapter::interpret(const opi_delivery& delivery, const opi_response& response,
                                 const opi_verdict_out& verdict,
                                 std::shared_ptr<const secrets::Confidential> confidential, Done done) const {
  auto out = frame(FrameKind::interpret);
  write(out, delivery);
  write(out, response);
  submit({.kind = FrameKind::interpret,
          .instance = instance_,
          .frame = out.finish(),
          .verdict = verdict,
          .done = std::move(done),
          .confidential = std::move(confidential)});
}

}  // namespace opi::plugins
