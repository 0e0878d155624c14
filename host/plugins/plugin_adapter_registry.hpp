#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "delivery/adapter.hpp"
#include "domain/catalog.hpp"
#include "foundation/mutex.hpp"
#include "plugins/config_schema.hpp"
#include "plugins/plugin_host.hpp"

namespace opi::plugins {

// Adapters of the loaded plugins, one instance per destination and revision. Thread-safe.
class PluginAdapterRegistry final : public delivery::AdapterRegistry {
 public:
  struct Options {
    std::string user_agent = "OneProtect-Integrations";  // of requests whose adapter names none
  };

  // Borrows the host and the logger.
  PluginAdapterRegistry(const PluginHost& host, Options options, telemetry::Logger& logger);

  delivery::AdapterLookup find(const Destination& destination) override;
  // Lets go of the instances for destinations that are not in the catalog any more, and of those of plugins that were
  // replaced. Ending a tenant's process may take half a second.
  void keep_only(const Catalog& catalog);

 private:
  struct Entry {
    std::int64_t revision = 0;
    std::uint64_t generation = 0;  // of the host's plugins, when it was made
    bool passing = false;  // it could not be made just now, through no fault of the plugin's or the configuration's
    TenantId tenant;
    std::shared_ptr<const Plugin> plugin;
    delivery::AdapterLookup lookup;
    [[nodiscard]] delivery::AdapterLookup now() const;
  };
  [[nodiscard]] Entry make(const Destination& destination) const;

  const PluginHost& host_;
  const Options options_;
  telemetry::Logger& logger_;
  SharedMutex mutex_;  // guards entries_; never held while a plugin is called
  std::unordered_map<DestinationId, Entry> entries_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::plugins
