#include "plugins/plugin_adapter_registry.hpp"

#include <mutex>

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
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(destination.id);
    if (found != entries_.end() && found->second.revision == destination.revision &&
        found->second.generation == generation)
      return found->second.lookup;
  }
  // Two threads may make the same instance; one of them is thrown away. Instances are immutable, so nothing else
  // happens.
  auto lookup = make(destination);
  if (!lookup.adapter)
    logger_.warning("destination.held", {{"destination", destination.id.to_string()}, {"reason", lookup.held_reason}});
  delivery::AdapterLookup replaced;  // is destroyed after the lock is released
  const std::unique_lock lock(mutex_);
  auto& entry = entries_[destination.id];
  if (entry.lookup.adapter && (entry.revision > destination.revision || entry.generation > generation)) return lookup;
  replaced = std::exchange(entry.lookup, lookup);
  entry.revision = destination.revision;
  entry.generation = generation;
  return lookup;
}

delivery::AdapterLookup PluginAdapterRegistry::make(const Destination& destination) const {
  const auto found = host_.find(ComponentKind::adapter, destination.adapter);
  if (!found.plugin) return {nullptr, "no loaded plugin offers the adapter \"" + destination.adapter + "\""};
  if (const auto faults = found.component->config_schema.check(destination.config); !faults.empty())
    return {nullptr, held(destination, faults)};
  try {
    return {std::make_shared<PluginAdapter>(found.plugin, *found.component, destination, options_.user_agent, logger_),
            {}};
  } catch (const std::runtime_error& refusal) {
    return {nullptr, held(destination, {{"", std::string("was refused: ") + refusal.what()}})};
  }
}

}  // namespace opi::plugins
