#pragma once
#include <string>

#include "delivery/adapter.hpp"
#include "plugins/abi.hpp"
#include "plugins/manifest.hpp"
#include "plugins/request_draft.hpp"

namespace opi::plugins {

// The host's side of opi_request_ops: takes what one render() hands over, checks it, inserts secrets and makes
// signatures. The first thing that is refused spoils the whole request, whether the adapter minds or not.
// Single-threaded; one render.
class RequestAssembly {
 public:
  // All are borrowed for the object's life.
  RequestAssembly(const Component& component, const Destination& destination, const secrets::SecretSet& secrets);

  [[nodiscard]] opi_request_out out() { return {&ops, this}; }

  // The request, or why there is none.
  [[nodiscard]] delivery::Rendering finish(const std::string& user_agent) &&;
  // As finish(), for a render() that failed by itself.
  [[nodiscard]] delivery::Rendering fail(opi_status status, std::string_view text) &&;

 private:
  static const opi_request_ops ops;
  // Runs an op so that nothing it throws reaches the plugin.
  template <class Op>
  static opi_status guarded(void* impl, Op&& op) noexcept;

  opi_status header_secret(const opi_str& name, const opi_str& prefix, const opi_str& slot, const opi_str& suffix);
  opi_status mac(const opi_str& slot, std::uint32_t algorithm, const opi_bytes& data, opi_mac_fn each, void* ud);
  opi_status url_secret(const opi_str& slot);

  // The slot's live secrets; null, with the request spoilt, if there are none.
  const secrets::PurposeSecrets* live_secrets(std::string_view slot);
  bool goes_elsewhere();
  [[nodiscard]] bool may_be_unsigned(std::string_view slot) const;

  const Component& component_;
  const Destination& destination_;
  const secrets::SecretSet& secrets_;
  delivery::Rendering rendering_;
  const RequestRules rules_;
  RequestDraft draft_;
  std::size_t macs_ = 0;
};

}  // namespace opi::plugins
