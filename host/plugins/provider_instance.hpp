#pragma once
#include "plugins/adapter_instance.hpp"
#include "secrets/secret_provider.hpp"

namespace opi::plugins {

// A plugin's secret provider made with one configuration, wherever it runs. Whatever the plugin does ends the call.
// Thread-safe.
class ProviderInstance {
 public:
  virtual ~ProviderInstance() = default;
  // Whether the reference could name something. Held: the plugin could not be asked.
  [[nodiscard]] virtual CallEnd check_reference(const opi_secret_query& query) = 0;
  // Comes back by the query's deadline, and a moment at most.
  [[nodiscard]] virtual secrets::ResolveResult resolve(const opi_secret_query& query) = 0;
};

}  // namespace opi::plugins
