#include "ctl/would_be_held.hpp"

#include <algorithm>

#include "plugins/plugin_adapter_registry.hpp"

namespace opi::ctl {
namespace {

bool is(const boost::json::value& value, std::string_view text) {
  return value.is_string() && std::string_view{value.get_string().data(), value.get_string().size()} == text;
}

bool is_held_by_its_adapter(const std::optional<Hold>& hold) {
  return hold && (hold->cause == HoldCause::adapter_missing || hold->cause == HoldCause::adapter_quarantined ||
                  hold->cause == HoldCause::configuration_refused);
}

// Whether what offers the adapter now goes on, because the file that it came from would be refused.
bool goes_on(const std::string& adapter, const boost::json::array& running,
             const std::vector<plugins::Refusal>& refused) {
  return std::ranges::any_of(running, [&](const boost::json::value& plugin) {
    const auto& components = plugin.at("components").as_array();
    const bool offers = std::ranges::any_of(components, [&](const boost::json::value& one) {
      return is(one.at("kind"), "adapter") && is(one.at("id"), adapter);
    });
    return offers && std::ranges::any_of(
                         refused, [&](const plugins::Refusal& refusal) { return is(plugin.at("file"), refusal.file); });
  });
}

}  // namespace

std::vector<WouldBeHeld> would_be_held(Services& services, const boost::json::array& running) {
  const auto catalog = services.catalog();
  api::DestinationRuntime::Destinations sent_to;
  for (const auto& [id, destination] : catalog->destinations)
    if (!hold_by_itself(*destination)) sent_to.push_back(destination);
  std::ranges::sort(sent_to, {}, [](const auto& one) { return std::pair{one->tenant_id.str(), one->id}; });
  const auto standings = services.runtime().of(sent_to);
  // What is unlike the daemon's: everything is made here and now, and nothing is sent with it.
  const auto& host = services.plugins().loaded();
  const auto refused = host.refused();
  plugins::PluginAdapterRegistry adapters(host, {}, services.plugins().logger());
  std::vector<WouldBeHeld> held;
  for (std::size_t i = 0; i < sent_to.size(); ++i) {
    const auto lookup = adapters.examine(*sent_to[i]);
    if (lookup.adapter) continue;
    if (lookup.held_cause == HoldCause::adapter_missing && goes_on(sent_to[i]->adapter, running, refused)) continue;
    if (is_held_by_its_adapter(standings[i].held)) continue;  // it would be no worse off
    held.push_back({sent_to[i], {lookup.held_cause, lookup.held_reason}});
  }
  return held;
}

}  // namespace opi::ctl
