#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/abi.hpp"
#include "plugins/refusal_codes.hpp"

namespace opi::plugins {

// Something wrong with what a plugin hands out.
struct TableFault {
  const RefusalCode* code;
  std::string message;
};

// Judges the plugin's own table: size, major, minor, flags, slots. Reads no further than its size covers.
std::vector<TableFault> check_plugin_table(const opi_plugin& table, std::uint16_t offered_minor);

// Asks the plugin for each interface of a component and judges the tables it answers with. The plugin's table must be
// sound. Interfaces that this host does not know are only asked for. May throw what the plugin lets out.
std::vector<TableFault> check_component_tables(const opi_plugin& table, void* plugin, const std::string& component,
                                               std::span<const std::string> interfaces);

}  // namespace opi::plugins
