#pragma once
#include <functional>
#include <memory>
#include <string>

#include "domain/destination.hpp"
#include "plugins/abi.hpp"
#include "secrets/confidential.hpp"

namespace opi::plugins {

// How a call of a plugin ended.
struct CallEnd {
  opi_status status = OPI_OK;
  std::string error;  // the plugin's, or what became of it
  // Not empty: the plugin never saw the call, and this is why it is not to be asked for now.
  std::string held;
  bool refused = false;     // held, for the plugin has refused the instance's configuration
  std::uint64_t flags = 0;  // of the start of a plugin: bit n says that its n-th adapter sees transport faults
};

// What opi_instance_args says of it.
inline std::uint32_t instance_flags(const Destination& destination) {
  return destination.signing == SigningRule::disabled ? std::uint32_t{OPI_INSTANCE_UNSIGNED_ALLOWED} : 0u;
}

// A plugin's adapter component made for one destination, wherever it runs. Whatever the plugin does ends the call.
// Thread-safe.
class AdapterInstance {
 public:
  // Called exactly once, within the call or later on another thread. It must not block or throw.
  using Done = std::function<void(const CallEnd& end)>;
  virtual ~AdapterInstance() = default;
  // Asks, and waits for, why the plugin refuses the configuration; empty: it does not, or cannot be asked now.
  [[nodiscard]] virtual std::string refusal() const { return {}; }
  [[nodiscard]] virtual bool sees_transport_faults() const = 0;
  // All that the arguments point to must live until `done` is called. `confidential`, which may be null, is what the
  // response may hold and the plugin's log must not.
  virtual void render(const opi_delivery& delivery, const opi_request_out& request, Done done) const = 0;
  virtual void interpret(const opi_delivery& delivery, const opi_response& response, const opi_verdict_out& verdict,
                         std::shared_ptr<const secrets::Confidential> confidential, Done done) const = 0;
};

}  // namespace opi::plugins
