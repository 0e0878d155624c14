#pragma once
#include <map>

#include "foundation/mutex.hpp"
#include "plugins/host_process/channel.hpp"
#include "plugins/secret_order.hpp"
#include "secrets/secret.hpp"

namespace opi::plugins {

// The child's side of opi_secret_out_ops. The order of an answer is judged here, by the host's own rules; the values
// lie in locked pages until the answer ends, go to the host from there, and are wiped.
class SecretRelay {
 public:
  // Borrows the channel and the mutex that what is said is said with.
  SecretRelay(Channel& channel, Mutex& talk, std::uint64_t call, std::uint64_t keys)
      : channel_(channel), talk_(talk), call_(call), order_(keys) {}

  [[nodiscard]] opi_secret_out out() { return {&ops, this}; }
  // The plugin has come back. What it did not end goes to the host as well: it can tell then what the plugin's error
  // must not repeat.
  void finish();

 private:
  static const opi_secret_out_ops ops;
  template <class Op>
  static opi_status guarded(void* impl, Op&& op) noexcept;

  void say_values();
  opi_status end(FrameKind kind, const opi_secret_meta* meta);
  opi_status fail(opi_status status, const opi_str& reason);

  Channel& channel_;
  Mutex& talk_;
  const std::uint64_t call_;
  SecretOrder order_;
  std::map<std::uint64_t, secrets::Secret> values_;  // by key; those that the host does not have yet
};

}  // namespace opi::plugins
