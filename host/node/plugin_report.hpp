#pragma once
#include <sys/types.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "plugins/plugin_host.hpp"

namespace opi::node {

// Members: plugin, version, vendor, file, sha256, isolation, components.
boost::json::object view_of(const plugins::Plugin& plugin);
// Members: file, stage, code, message, remedy.
boost::json::object view_of(const plugins::Refusal& refusal);

// What a daemon made of its plugin directory the last time it looked, in <state>/plugins.json.
struct PluginReport {
  pid_t pid = 0;                 // of the daemon
  std::uint64_t generation = 0;  // grows each time the daemon looks
  boost::json::object change;    // loaded, retired, refused: arrays of view_of()
  boost::json::array running;    // view_of() of each plugin that serves now; empty also of a version before this member
};

// Replaces the report. Throws std::runtime_error if it cannot be written.
void write_plugin_report(const std::filesystem::path& state_directory, const plugins::PluginHost& host,
                         const plugins::PluginHost::Change& change);
// Nullopt if there is none, or none that makes sense.
std::optional<PluginReport> read_plugin_report(const std::filesystem::path& state_directory);

// Whether a daemon uses the state directory now. Throws std::runtime_error if that cannot be told.
bool daemon_is_running(const std::filesystem::path& state_directory);

}  // namespace opi::node
