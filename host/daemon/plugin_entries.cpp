#include "daemon/plugin_entries.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "plugins/refusal_codes.hpp"

namespace opi::daemon {

std::vector<audit::Entry> plugin_entries(const plugins::PluginHost::Change& change, const std::string& actor_id,
                                         UnixTime at) {
  std::vector<audit::Entry> entries;
  const auto record = [&](audit::Action action, std::string target, const boost::json::object& details) {
    audit::Entry entry;
    entry.tenant = audit::system_tenant();
    entry.at = at;
    entry.actor_id = actor_id;
    entry.action = action;
    entry.target = std::move(target);
    entry.details = boost::json::serialize(details);
    entries.push_back(std::move(entry));
  };
  for (const auto& plugin : change.loaded)
    record(audit::Action::plugin_loaded, "plugin:" + plugin->manifest().id,
           {{"file", plugin->file()}, {"version", plugin->manifest().version}, {"sha256", plugin->sha256()}});
  for (const auto& refusal : change.refused) {
    const auto stage = plugins::to_string(refusal.stage);
    record(refusal.code == plugins::codes::quarantined.code ? audit::Action::plugin_quarantined
                                                            : audit::Action::plugin_refused,
           "file:" + refusal.file,
           {{"stage", boost::json::string_view{stage.data(), stage.size()}},
            {"code", refusal.code},
            {"message", refusal.message}});
  }
  for (const auto& plugin : change.retired)
    record(audit::Action::plugin_retired, "plugin:" + plugin->manifest().id,
           {{"file", plugin->file()}, {"version", plugin->manifest().version}});
  return entries;
}

}  // namespace opi::daemon
