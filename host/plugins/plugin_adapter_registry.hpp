#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "delivery/adapter.hpp"
#include "domain/catalog.hpp"
#include "foundation/fair_queue.hpp"
#include "foundation/mutex.hpp"
#include "plugins/config_schema.hpp"
#include "plugins/plugin_host.hpp"

namespace opi::plugins {

// Adapters of the loaded plugins, one instance per destination and revision. An instance of a plugin in a process of
// its own is there at once, for it is made with its first call; one in this process is made elsewhere, and is pending
// until then: its plugin may take its time. Of each such plugin one is made at a time, in turns over the tenants, and
// plugins do not wait for each other. Thread-safe.
class PluginAdapterRegistry final : public delivery::AdapterRegistry {
 public:
  // Runs `blocking` on another thread, and then `after`. `blocking` owns what it touches, for it may be left behind
  // when the program ends; then both are dropped.
  using Executor = std::function<void(std::function<void()> blocking, std::function<void()> after)>;
  struct Options {
    std::string user_agent = "OneProtect-Integrations";  // of requests whose adapter names none
    Executor executor;  // null: all is made, and none is ever pending, on the caller's thread
  };

  // Borrows the host and the logger.
  PluginAdapterRegistry(const PluginHost& host, Options options, telemetry::Logger& logger);

  delivery::AdapterLookup find(const Destination& destination) override;
  delivery::AdapterLookup examine(const Destination& destination) override;
  void on_ready(Ready ready) override { ready_ = std::move(ready); }
  // Lets go of the instances for destinations that are not in the catalog any more, and of those of plugins that were
  // replaced. They end elsewhere: that of a tenant's process may take half a second.
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
  // An instance that is to be made, and what came of it.
  struct Making {
    Destination destination;
    std::uint64_t generation = 0;
    PluginHost::Found found;
    std::string user_agent;
    Entry made;
  };
  struct Lane {  // of a plugin
    FairQueue<TenantId, std::shared_ptr<Making>> waiting;
    std::shared_ptr<Making> under_way;
  };
  [[nodiscard]] std::optional<delivery::AdapterLookup> known(const Destination& destination, std::uint64_t generation);
  // What a plugin in a process of its own has said of a destination's configuration.
  struct Verdict {
    std::int64_t revision = 0;
    std::uint64_t generation = 0;
    std::string refusal;  // empty: none
  };
  [[nodiscard]] static Entry without(HoldCause cause, std::string reason);
  [[nodiscard]] static Entry make(const Making& making) noexcept;
  delivery::AdapterLookup make_elsewhere(std::shared_ptr<Making> making);
  void begin_next(const Plugin* plugin);
  void ended(const std::shared_ptr<Making>& making);
  void keep(Entry made, const DestinationId& destination);
  void let_go(std::vector<Entry> entries);

  const PluginHost& host_;
  const Options options_;
  telemetry::Logger& logger_;
  Ready ready_;        // set before the first use
  SharedMutex mutex_;  // guards what follows; never held while a plugin is called
  std::unordered_map<DestinationId, Entry> entries_ OPI_GUARDED_BY(mutex_);
  std::unordered_map<DestinationId, Verdict> verdicts_ OPI_GUARDED_BY(mutex_);
  std::unordered_map<DestinationId, std::shared_ptr<Making>> pending_ OPI_GUARDED_BY(mutex_);  // the latest of each
  std::map<const Plugin*, Lane> lanes_ OPI_GUARDED_BY(mutex_);                                 // with work to do
};

}  // namespace opi::plugins
