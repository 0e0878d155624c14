#pragma once
#include <array>

#include "plugins/refusal.hpp"

namespace opi::plugins {

struct RefusalCode {
  std::string_view code;
  std::string_view remedy;
};

// Codes are stable: once published, a number keeps its meaning. L1 the file, L2 its content, L3 the ABI and its tables,
// L4 trust, L5 conduct in the probe, L6 loading, L7 start. L403 and L603 were for secret providers that could neither
// be isolated nor come while the daemon ran: they are not used again.
namespace codes {
inline constexpr RefusalCode directory_unusable{
    "L101", "set plugins.directory to an existing absolute directory that others cannot write"};
inline constexpr RefusalCode symlink{"L102",
                                     "put the file itself into the plugin directory, not a symbolic link to it"};
inline constexpr RefusalCode not_regular{"L103", "remove it from the plugin directory"};
inline constexpr RefusalCode writable_by_others{"L104", "chmod go-w the file"};
inline constexpr RefusalCode foreign_owner{"L105", "chown the file to root or to the daemon's user"};
inline constexpr RefusalCode size_out_of_bounds{"L106", "install the plugin again; a plugin has 1 byte to 64 MiB"};
inline constexpr RefusalCode unreadable{"L107", "let the daemon's user read the file"};
inline constexpr RefusalCode too_many_files{"L108", "remove plugins that are not used"};
inline constexpr RefusalCode not_elf{"L201", "install a shared library built by opi_add_plugin() for this machine"};
inline constexpr RefusalCode damaged{"L202", "install the plugin again: the file is truncated or damaged"};
inline constexpr RefusalCode no_manifest{"L203", "build the plugin with opi_add_plugin(), which packs its manifest"};
inline constexpr RefusalCode manifest_invalid{"L204", "correct the manifest and build the plugin again"};
inline constexpr RefusalCode no_entry{"L205", "define the entry with OPI_PLUGIN() and build with opi_add_plugin()"};
inline constexpr RefusalCode extra_exports{"L206", "build with opi_add_plugin(), which exports the entry alone"};
inline constexpr RefusalCode unsafe_image{"L207",
                                          "build with opi_add_plugin(): no executable stack, no text relocations"};
inline constexpr RefusalCode duplicate_plugin{"L208", "keep one file of each plugin in the directory"};
inline constexpr RefusalCode duplicate_component{"L209", "remove one of the plugins that offer this component"};
inline constexpr RefusalCode other_major{"L301", "install a build of the plugin for ABI 1"};
inline constexpr RefusalCode offer_refused{"L302", "see the plugin's own reason; install a build for this host"};
inline constexpr RefusalCode short_table{"L303", "rebuild the plugin with an unchanged SDK"};
inline constexpr RefusalCode newer_minor{
    "L304", "upgrade the host, or rebuild the plugin with a lower \"abi\" in its manifest"};
inline constexpr RefusalCode null_slot{"L305", "have the plugin's author fill the slot"};
inline constexpr RefusalCode unknown_flags{"L306",
                                           "upgrade the host: the plugin relies on something that it does not know"};
inline constexpr RefusalCode missing_interface{"L307", "have the plugin's author offer what the manifest promises"};
inline constexpr RefusalCode not_pinned{"L401", "add the file's SHA-256 to plugins.pins if you trust it"};
inline constexpr RefusalCode quarantined{
    "L402", "install a corrected build, or lift the quarantine by naming the plugin's id in plugins.release"};
inline constexpr RefusalCode probe_unavailable{
    "L501", "check that opi-plugin-probe is installed beside the daemon and can be run"};
inline constexpr RefusalCode died_in_probe{"L502", "report the crash to the plugin's author"};
inline constexpr RefusalCode hung_in_probe{"L503", "report the hang to the plugin's author"};
inline constexpr RefusalCode threw{"L504", "report the exception to the plugin's author"};
inline constexpr RefusalCode image_not_written{"L601", "make the daemon's state directory writable and give it space"};
inline constexpr RefusalCode not_loadable{"L602", "install what the plugin needs; the message names it"};
inline constexpr RefusalCode environment_refused{"L701", "use a plugin that is meant for this environment"};
inline constexpr RefusalCode init_failed{"L702", "see the plugin's own reason"};
inline constexpr RefusalCode config_refused{"L703", "correct the component's configuration in the daemon's settings"};
inline constexpr RefusalCode not_isolated{
    "L704",
    "have its manifest declare what it needs, if it is a secret provider, or do without; or add its SHA-256 to "
    "plugins.in_process if you trust it as the daemon"};
}  // namespace codes

// A plugin that is for other environments alone is refused by its own wish: a node that has its file is well.
inline bool is_fault(std::string_view code) { return code != codes::environment_refused.code; }

inline Refusal refusal(std::string file, Stage stage, const RefusalCode& code, std::string message) {
  return {std::move(file), stage, std::string(code.code), std::move(message), std::string(code.remedy)};
}

}  // namespace opi::plugins
