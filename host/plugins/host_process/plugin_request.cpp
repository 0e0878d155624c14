#include "plugins/host_process/plugin_request.hpp"

#include <new>

namespace opi::plugins {
namespace {

// More than the host takes of any text, so that it refuses the same.
constexpr std::size_t text_bytes = RequestLimits::all_headers_bytes + 1;

}  // namespace

template <class Op>
opi_status PluginRequest::guarded(void* impl, Op&& op) noexcept {
  if (impl == nullptr) return OPI_E_INVALID;
  auto& self = *static_cast<PluginRequest*>(impl);
  try {
    return op(self);
  } catch (const std::bad_alloc&) {
    self.failed_ = true;
    return OPI_E_NOMEM;
  } catch (...) {
    self.failed_ = true;
    return OPI_E_FAILED;
  }
}

const opi_request_ops PluginRequest::ops{
    sizeof(opi_request_ops),
    0,
    [](void* impl, opi_str method) {
      return guarded(impl, [&](auto& self) {
        return self.send(
            FrameKind::method, [&] { return self.draft_.method(method); },
            [&](FrameWriter& out) { out.text(method, text_bytes); });
      });
    },
    [](void* impl, opi_str url) {
      return guarded(impl, [&](auto& self) {
        return self.send(
            FrameKind::url, [&] { return self.draft_.url(url); }, [&](FrameWriter& out) { out.text(url, text_bytes); });
      });
    },
    [](void* impl, opi_str name, opi_str value) {
      return guarded(impl, [&](auto& self) {
        return self.send(
            FrameKind::header, [&] { return self.draft_.header(name, value); },
            [&](FrameWriter& out) { out.text(name, text_bytes).text(value, text_bytes); });
      });
    },
    [](void* impl, opi_str name, opi_str prefix, opi_str slot, opi_str suffix) {
      return guarded(impl, [&](auto& self) { return self.header_secret(name, prefix, slot, suffix); });
    },
    [](void* impl, opi_str slot, std::uint32_t algorithm, opi_bytes data, opi_mac_fn each, void* ud) {
      return guarded(impl, [&](auto& self) { return self.mac(slot, algorithm, data, each, ud); });
    },
    [](void* impl, opi_bytes body) {
      return guarded(impl, [&](auto& self) {
        return self.send(
            FrameKind::body, [&] { return self.draft_.body(body); },
            [&](FrameWriter& out) { out.text(body, self.rules_.body_bytes + 1); });
      });
    },
    [](void* impl, opi_str slot) { return guarded(impl, [&](auto& self) { return self.url_secret(slot); }); },
};

template <class Judge, class Write>
opi_status PluginRequest::send(FrameKind kind, Judge&& judge, Write&& write) {
  const bool settled = draft_.is_spoilt();
  const opi_status status = judge();
  if (settled) return status;
  FrameWriter frame(kind, call_);
  write(frame);
  channel_.say(std::move(frame));
  return status;
}

opi_status PluginRequest::header_secret(const opi_str& name, const opi_str& prefix, const opi_str& slot,
                                        const opi_str& suffix) {
  FrameWriter frame(FrameKind::header_secret, call_);
  frame.text(name, text_bytes).text(prefix, text_bytes).text(slot, text_bytes).text(suffix, text_bytes);
  const auto answer = channel_.ask(std::move(frame));
  const auto status = static_cast<opi_status>(FrameReader(answer.fields).u32());
  // The name is taken, and a stand-in for the value counts: one that is as valid as the value was found to be.
  if (status == OPI_OK)
    (void)draft_.add_header(view(name), std::string(view(prefix)) + "x" + std::string(view(suffix)));
  return status;
}

opi_status PluginRequest::mac(const opi_str& slot, std::uint32_t algorithm, const opi_bytes& data, opi_mac_fn each,
                              void* ud) {
  FrameWriter frame(FrameKind::mac, call_);
  frame.text(slot, text_bytes).u32(algorithm).u32(each == nullptr ? 0 : 1);
  frame.text(data, RequestLimits::mac_data_bytes + 1);
  const auto answer = channel_.ask(std::move(frame));
  FrameReader in(answer.fields);
  const auto status = static_cast<opi_status>(in.u32());
  for (auto left = each == nullptr ? 0 : in.u32(); left > 0; --left) {
    const auto mac = in.text();
    each(ud, raw_bytes(mac), raw(in.text()));
  }
  return status;
}

opi_status PluginRequest::url_secret(const opi_str& slot) {
  FrameWriter frame(FrameKind::url_secret, call_);
  frame.text(slot, text_bytes);
  const auto answer = channel_.ask(std::move(frame));
  return static_cast<opi_status>(FrameReader(answer.fields).u32());
}

}  // namespace opi::plugins
