#include "daemon/manual_pages.hpp"

#include "configuration/configuration.hpp"
#include "daemon/application.hpp"
#include "daemon/version.hpp"
#include "manual/page.hpp"

namespace opi::daemon {
namespace {

manual::Page page(std::string_view name, std::string_view section, std::string_view summary) {
  return {name, section, summary, "OneProtect Integrations", "OneProtect Integrations " + std::string(version)};
}

std::string variable_name(std::string_view key) {
  std::string name = "OPI_";
  for (const char c : key) name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

}  // namespace

std::string daemon_manual() {
  auto manual = page("integrationsd", "8", "carry events to customers' systems");
  manual.section("SYNOPSIS").synopsis("integrationsd", "[--config FILE] [--set SECTION.NAME=VALUE]...");
  manual.section("DESCRIPTION")
      .paragraph(
          "The daemon takes events over HTTP, stores them, and delivers each to the destinations that subscribe to it: "
          "signed, with retries, with a record of every attempt. It runs in the foreground, under systemd with the "
          "unit "
          "that an installation brings.");
  manual.section("OPTIONS");
  for (const auto& option : documented_options())
    manual.item("--" + option.name, option.has_value ? "VALUE" : "", option.description);
  manual.section("SIGNALS")
      .item("SIGTERM, SIGINT", "", "No more work is taken; what is under way finishes within general.drain_timeout_ms.")
      .item("SIGHUP", "",
            "The log file is opened anew, the keys marked so in integrationsd.conf(5) are applied, and the plugin "
            "directory "
            "is looked at again, as by integrationsctl plugins reload, and all secrets are fetched anew, as by "
            "integrationsctl secrets refresh --all.");
  manual.section("EXIT STATUS")
      .item("0", "", "stopped by a signal, or what was asked for is printed")
      .item("64", "", "the command line is wrong")
      .item("69", "", "the store cannot be reached, or a part of the system is missing")
      .item("78", "", "the configuration is not valid");
  manual.section("FILES")
      .item("/etc/integrationsd.conf", "", "The configuration, where the systemd unit expects it.")
      .item("/var/lib/integrationsd", "", "The state directory.");
  manual.section("SEE ALSO").paragraph("integrationsctl(1), integrationsd.conf(5)");
  return manual.text();
}

std::string configuration_manual() {
  auto manual = page("integrationsd.conf", "5", "configuration of integrationsd and integrationsctl");
  manual.section("DESCRIPTION")
      .paragraph(
          "Sections in brackets, a key=value a line, and comments that begin with #. The environment wins over the "
          "file, "
          "the command line over both. Every error is reported at once by integrationsd --check-config.");
  std::string_view section;
  manual.section("KEYS");
  for (const auto& key : configuration::keys()) {
    const auto dot = key.name.find('.');
    if (key.name.substr(0, dot) != section)
      manual.subsection("[" + std::string(section = key.name.substr(0, dot)) + "]");
    manual.item(key.name.substr(dot + 1), key.unit,
                std::string(key.description) +
                    " Default: " + (key.default_value.empty() ? "empty" : std::string(key.default_value)) +
                    ". Environment: " + variable_name(key.name) + "." +
                    (key.reloadable ? " A change is applied at SIGHUP." : ""));
  }
  manual.subsection("[secret_provider.ID]")
      .paragraph(
          "What the secret provider of that id is told; integrationsd --print-config lists what each may be told, by "
          "the "
          "plugins that are there. On the command line: --set secret_provider.ID.NAME=VALUE. These keys have no form "
          "in "
          "the environment.");
  manual.section("SEE ALSO").paragraph("integrationsd(8), integrationsctl(1)");
  return manual.text();
}

}  // namespace opi::daemon
