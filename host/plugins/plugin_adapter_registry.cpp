#include "plugins/plugin_adapter_registry.hpp"

#include <system_error>
#include <utility>

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
  if (auto lookup = known(destination, generation)) return std::move(*lookup);
  auto making = std::make_shared<Making>(Making{
      destination, generation, host_.find(ComponentKind::adapter, destination.adapter), options_.user_agent, {}});
  if (!making->found.plugin) {
    making->made =
        without(HoldCause::adapter_missing, "no loaded plugin offers the adapter \"" + destination.adapter + "\"");
  } else if (const auto faults = making->found.component->config_schema.check(destination.config); !faults.empty()) {
    making->made = without(HoldCause::configuration_refused, held(destination, faults));
  } else if (options_.executor && making->found.plugin->isolation() == Isolation::in_process) {
    return make_elsewhere(std::move(making));
  } else {
    // Two threads may make the same instance; one of them is thrown away. Instances are immutable, so nothing else
    // happens.
    making->made = make(*making);
  }
  auto& made = making->made;
  made.revision = destination.revision;
  made.generation = generation;
  auto lookup = made.now();
  if (!made.passing) keep(std::move(made), destination.id);
  return lookup;
}

// One in this process has said what there is to say when it was made. The other is asked beside the calls of
// deliveries, under a number of its own, and forgotten again.
delivery::AdapterLookup PluginAdapterRegistry::examine(const Destination& destination) {
  auto lookup = find(destination);
  const auto generation = host_.generation();
  const auto found = host_.find(ComponentKind::adapter, destination.adapter);
  if (!lookup.adapter || !found.plugin || found.plugin->isolation() == Isolation::in_process) return lookup;
  const auto refused = [&](const std::string& why) -> delivery::AdapterLookup {
    if (why.empty()) return std::move(lookup);
    return {nullptr, held(destination, {{"", "was refused: " + why}}), false, HoldCause::configuration_refused};
  };
  {
    const SharedLock lock(mutex_);
    const auto known = verdicts_.find(destination.id);
    if (known != verdicts_.end() && known->second.revision == destination.revision &&
        known->second.generation == generation)
      return refused(known->second.refusal);
  }
  try {
    auto why = PluginAdapter(found.plugin, *found.component, destination, options_.user_agent).refusal();
    const ExclusiveLock lock(mutex_);
    verdicts_[destination.id] = {destination.revision, generation, why};
    return refused(why);
  } catch (const std::system_error&) {
    return lookup;  // no process can be made just now; it is asked again
  }
}

std::optional<delivery::AdapterLookup> PluginAdapterRegistry::known(const Destination& destination,
                                                                    std::uint64_t generation) {
  const auto is_of = [&](const auto& one) {
    return one.revision == destination.revision && one.generation == generation;
  };
  {
    const SharedLock lock(mutex_);
    const auto found = entries_.find(destination.id);
    if (found == entries_.end() || !is_of(found->second)) return std::nullopt;
    if (!found->second.passing) return found->second.now();
  }
  // What could not be made just now is told once, and tried again when it is asked for next.
  const ExclusiveLock lock(mutex_);
  const auto found = entries_.find(destination.id);
  if (found == entries_.end() || !is_of(found->second)) return std::nullopt;
  auto lookup = found->second.now();
  if (found->second.passing) entries_.erase(found);
  return lookup;
}

delivery::AdapterLookup PluginAdapterRegistry::make_elsewhere(std::shared_ptr<Making> making) {
  const auto* const plugin = making->found.plugin.get();
  {
    const ExclusiveLock lock(mutex_);
    auto& latest = pending_[making->destination.id];
    const bool is_new = !latest || latest->destination.revision != making->destination.revision ||
                        latest->generation != making->generation;
    if (is_new) {
      lanes_[plugin].waiting.push(making->destination.tenant_id, making);
      latest = making;
    }
  }
  begin_next(plugin);
  return {.adapter = nullptr, .held_reason = "its adapter is being made", .pending = true};
}

// One at a time: the ABI has a plugin's instances made one after another.
void PluginAdapterRegistry::begin_next(const Plugin* plugin) {
  std::shared_ptr<Making> making;
  {
    const ExclusiveLock lock(mutex_);
    const auto found = lanes_.find(plugin);
    if (found == lanes_.end() || found->second.under_way) return;
    auto& lane = found->second;
    const auto* const next = lane.waiting.next([](const TenantId&) { return true; });
    if (next == nullptr) {
      lanes_.erase(found);
      return;
    }
    making = lane.under_way = lane.waiting.pop(*next);
  }
  try {
    options_.executor([making] { making->made = make(*making); }, [this, making] { ended(making); });
  } catch (const std::exception& failure) {
    making->made =
        without(HoldCause::adapter_unavailable, std::string("the adapter cannot be made just now: ") + failure.what());
    making->made.passing = true;
    ended(making);
  }
}

void PluginAdapterRegistry::ended(const std::shared_ptr<Making>& making) {
  const auto& destination = making->destination;
  auto& made = making->made;
  made.revision = destination.revision;
  made.generation = making->generation;
  keep(std::move(made), destination.id);
  {
    const ExclusiveLock lock(mutex_);
    lanes_[making->found.plugin.get()].under_way = nullptr;
    if (const auto found = pending_.find(destination.id); found != pending_.end() && found->second == making)
      pending_.erase(found);
  }
  begin_next(making->found.plugin.get());
  if (ready_) ready_(destination.id);
}

void PluginAdapterRegistry::keep(Entry made, const DestinationId& destination) {
  std::vector<Entry> replaced;
  {
    const ExclusiveLock lock(mutex_);
    auto& entry = entries_[destination];
    if (entry.lookup.adapter && (entry.revision > made.revision || entry.generation > made.generation)) return;
    replaced.push_back(std::exchange(entry, std::move(made)));
  }
  let_go(std::move(replaced));
}

void PluginAdapterRegistry::keep_only(const Catalog& catalog) {
  std::vector<Entry> gone;
  const auto generation = host_.generation();
  {
    const ExclusiveLock lock(mutex_);
    std::erase_if(verdicts_, [&](const auto& one) { return !catalog.destinations.contains(one.first); });
    for (auto at = entries_.begin(); at != entries_.end();) {
      if (catalog.destinations.contains(at->first) && at->second.generation == generation) {
        ++at;
        continue;
      }
      gone.push_back(std::move(at->second));
      at = entries_.erase(at);
    }
  }
  let_go(std::move(gone));
}

// The end of an instance is the plugin's, too, and so may be that of its process.
void PluginAdapterRegistry::let_go(std::vector<Entry> entries) {
  std::erase_if(entries, [](const Entry& one) { return !one.lookup.adapter; });
  if (entries.empty() || !options_.executor) return;
  const auto gone = std::make_shared<std::vector<Entry>>(std::move(entries));
  try {
    options_.executor([gone] { gone->clear(); }, [] {});
  } catch (const std::exception& failure) {
    logger_.warning("plugin.ended_here", {{"error", std::string(failure.what())}});
  }
}

// A quarantine comes over instances that exist.
delivery::AdapterLookup PluginAdapterRegistry::Entry::now() const {
  if (plugin)
    if (auto why = plugin->quarantine(tenant); !why.empty())
      return {nullptr, std::move(why), false, HoldCause::adapter_quarantined};
  return lookup;
}

PluginAdapterRegistry::Entry PluginAdapterRegistry::without(HoldCause cause, std::string reason) {
  Entry entry;
  entry.lookup.held_cause = cause;
  entry.lookup.held_reason = std::move(reason);
  return entry;
}

PluginAdapterRegistry::Entry PluginAdapterRegistry::make(const Making& making) noexcept {
  const auto& destination = making.destination;
  const auto not_now = [](const char* why) {
    auto entry = without(HoldCause::adapter_unavailable, std::string("the adapter cannot be made just now: ") + why);
    entry.passing = true;
    return entry;
  };
  try {
    Entry made;
    made.tenant = destination.tenant_id;
    made.plugin = making.found.plugin;
    made.lookup.adapter =
        std::make_shared<PluginAdapter>(making.found.plugin, *making.found.component, destination, making.user_agent);
    return made;
  } catch (const std::system_error& failure) {
    return not_now(failure.what());
  } catch (const std::runtime_error& refusal) {
    return without(HoldCause::configuration_refused,
                   held(destination, {{"", std::string("was refused: ") + refusal.what()}}));
  } catch (const std::exception& failure) {
    return not_now(failure.what());
  } catch (...) {
    return not_now("an exception of no known kind");
  }
}

}  // namespace opi::plugins
