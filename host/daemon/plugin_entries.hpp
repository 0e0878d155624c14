#pragma once
#include <string>
#include <vector>

#include "audit/audit_record.hpp"
#include "plugins/plugin_host.hpp"

namespace opi::daemon {

// What a change of the loaded plugins is in the trail of the system itself: plugin.loaded, .refused, .quarantined and
// .retired.
std::vector<audit::Entry> plugin_entries(const plugins::PluginHost::Change& change, const std::string& actor_id,
                                         UnixTime at);

}  // namespace opi::daemon
