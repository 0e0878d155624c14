#include "ctl/would_be_held.hpp"

#include <algorithm>

#include "plugins/plugin_adapter_registry.hpp"

namespace opi::ctl {

std::vector<WouldBeHeld> would_be_held(Services& services) {
  const auto catalog = services.catalog();
  api::DestinationRuntime::Destinations sent_to;
  for (const auto& [id, destination] : catalog->destinations)
    if (!hold_by_itself(*destination)) sent_to.push_back(destination);
  std::ranges::sort(sent_to, {}, [](const auto& one) { return std::pair{one->tenant_id.str(), one->id}; });
  const auto standings = services.runtime().of(sent_to);
  // What is unlike the daemon's: everything is made here and now, and nothing is sent with it.
  plugins::PluginAdapterRegistry adapters(services.plugins().loaded(), {}, services.plugins().logger());
  std::vector<WouldBeHeld> held;
  for (std::size_t i = 0; i < sent_to.size(); ++i) {
    const auto lookup = adapters.examine(*sent_to[i]);
    if (lookup.adapter) continue;
    const auto& now = standings[i].held;
    if (now && now->cause == lookup.held_cause) continue;
    held.push_back({sent_to[i], {lookup.held_cause, lookup.held_reason}});
  }
  return held;
}

}  // namespace opi::ctl
