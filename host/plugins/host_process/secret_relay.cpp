#include "plugins/host_process/secret_relay.hpp"

#include <new>

#include "plugins/exchange_frames.hpp"

namespace opi::plugins {
namespace {

constexpr std::size_t reason_bytes = 16 * 1024;  // more than the host keeps, so that it knows what it cuts

}  // namespace

template <class Op>
opi_status SecretRelay::guarded(void* impl, Op&& op) noexcept {
  auto& self = *static_cast<SecretRelay*>(impl);
  try {
    const Lock lock(self.talk_);
    return op(self);
  } catch (const std::bad_alloc&) {
    return OPI_E_NOMEM;
  }
}

const opi_secret_out_ops SecretRelay::ops{
    sizeof(opi_secret_out_ops),
    0,
    [](void* impl, std::uint64_t key, std::uint64_t n) -> std::uint8_t* {
      std::uint8_t* place = nullptr;
      (void)guarded(impl, [&](SecretRelay& self) {
        if (!self.order_.reserve(key, n)) return OPI_E_INVALID;
        place = self.values_.emplace(key, secrets::Secret(static_cast<std::size_t>(n))).first->second.writable().data();
        return OPI_OK;
      });
      return place;
    },
    [](void* impl, std::uint64_t key) {
      return guarded(impl, [&](SecretRelay& self) {
        const auto status = self.order_.absent(key);
        if (status == OPI_OK) self.channel_.say(std::move(FrameWriter(FrameKind::absent, self.call_).u64(key)));
        return status;
      });
    },
    [](void* impl, const opi_secret_meta* meta) {
      return guarded(impl, [&](SecretRelay& self) {
        const auto status = self.order_.commit(meta);
        return status == OPI_OK ? self.end(FrameKind::commit, meta) : status;
      });
    },
    [](void* impl, const opi_secret_meta* meta) {
      return guarded(impl, [&](SecretRelay& self) {
        const auto status = self.order_.not_modified(meta);
        return status == OPI_OK ? self.end(FrameKind::not_modified, meta) : status;
      });
    },
    [](void* impl, opi_status status, opi_str reason) {
      return guarded(impl, [&](SecretRelay& self) {
        const auto order = self.order_.fail();
        return order == OPI_OK ? self.fail(status, reason) : order;
      });
    },
};

// Those that the plugin has written so far, which may be half of one.
void SecretRelay::say_values() {
  for (const auto& [key, value] : values_) {
    FrameWriter frame(FrameKind::value, call_);
    frame.u64(key).u64(value.reveal().size());
    channel_.say_with(std::move(frame), value.reveal());
  }
  values_.clear();
}

opi_status SecretRelay::end(FrameKind kind, const opi_secret_meta* meta) {
  say_values();
  FrameWriter frame(kind, call_);
  write(frame, *meta);
  channel_.say(std::move(frame));
  return OPI_OK;
}

opi_status SecretRelay::fail(opi_status status, const opi_str& reason) {
  say_values();
  FrameWriter frame(FrameKind::fail, call_);
  frame.u32(static_cast<std::uint32_t>(status)).text(reason, reason_bytes);
  channel_.say(std::move(frame));
  return OPI_OK;
}

void SecretRelay::finish() {
  const Lock lock(talk_);
  say_values();
}

}  // namespace opi::plugins
