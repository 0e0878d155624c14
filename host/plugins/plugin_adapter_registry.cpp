#include "plugins/plugin_adapter_registry.hpp"

#include <system_error>

#include "foundation/mutex.hpp"
#include "plugins/plugin_adapter.hpp"

namespace opi::plugins {
namespace {

std::string held(const Destination& destination, const std::vector<ConfigFault>& faults) {
  std::string reason = "the configuration does not suit the adapter \"" + destination.adapter + "\":";
  for (const auto& fault : faults) reason += " " + (fault.path.empty() ? "it" : fault.path) + " " + fault.message + ";";
  reason.pop_back();
  return reason;
}

}  // namespace

PluginAdapterRegistry::PluginAdapterRegistry(const PluginHost& host, Options options, telemetry::Logger& logger)
    : host_(host), options_(std::move(options)), logger_(logger) {}

// An instance of a plugin that has been replaced serves those who hold it, and is not handed out again.
delivery::AdapterLookup PluginAdapterRegistry::find(const Destination& destination) {
  const auto generation = host_.generation();
  {
    const SharedLock lock(mutex_);
    const auto found = entries_.find(destination.id);
    if (found != entries_.end() && found->second.revision == destination.revision &&
        found->second.generation == generation)
      return found->second.now();
  }
  // Two threads may make the same instance; one of them is thrown away. Instances are immutable, so nothing else
  // happens.
  auto made = make(destination);
  made.revision = destination.revision;
  made.generation = generation;
  auto lookup = made.now();
  if (!lookup.adapter)
    logger_.warning("destination.held", {{"destination", destination.id.to_string()}, {"reason", lookup.held_reason}});
  if (made.passing) return lookup;
  Entry replaced;  // is destroyed after the lock is released
  const ExclusiveLock lock(mutex_);
  auto& entry = entries_[destination.id];
  if (entry.lookup.adapter && (entry.revision > destination.revision || entry.generation > generation)) return lookup;
  replaced = std::exchange(entry, std::move(made));
  return lookup;
}

void PluginAdapterRegistry::keep_only(const Catalog& catalog) {
  std::vector<Entry> gone;  // are destroyed after the lock is released
  const auto generation = host_.generation();
  const ExclusiveLock lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (catalog.destinations.contains(at->first) && at->second.generation == generation) {
      ++at;
      continue;
    }
    gone.push_back(std::move(at->second));
    at = entries_.erase(at);
  }
}

// A quarantine comes over instances that exist.
delivery::AdapterLookup PluginAdapterRegistry::Entry::now() const {
  if (plugin)
    if (auto why = plugin->quarantine(tenant); !why.empty()) return {nullptr, std::move(why)};
  return lookup;
}

PluginAdapterRegistry::Entry PluginAdapterRegistry::make(const Destination& destination) const {
  const auto without = [](std::string reason) {
    Entry entry;
    entry.lookup.held_reason = std::move(reason);
    return entry;
  };
  const auto found = host_.find(ComponentKind::adapter, destination.adapter);
  if (!found.plugin) return without("no loaded plugin offers the adapter \"" + destination.adapter + "\"");
  if (const auto faults = found.component->config_schema.check(destination.config); !faults.empty())
    return without(held(destination, faults));
  try {
    Entry made;
    made.tenant = destination.tenant_id;
    made.plugin = found.plugin;
    made.lookup.adapter =
        std::make_shared<PluginAdapter>(found.plugin, *found.component, destination, options_.user_agent);
    return made;
  } catch (const std::system_error& failure) {
    auto entry = without(std::string("the adapter cannot be made just now: ") + failure.what());
    entry.passing = true;
    return entry;
  } catch (const std::runtime_error& refusal) {
    return without(held(destination, {{"", std::string("was refused: ") + refusal.what()}}));
  }
}

}  // namespace opi::plugins
