#include "configuration/documented_file.hpp"

#include "configuration/configuration.hpp"

namespace opi::configuration {
namespace {

constexpr std::string_view preamble =
    "# integrationsd configuration. Every key stands here with its default. The same keys may be set in the "
    "environment as\n"
    "# OPI_<SECTION>_<NAME> (OPI_API_PORT=9000) and on the command line as --set section.name=value; the command line "
    "wins\n"
    "# over the environment, the environment over this file. `integrationsd --check-config` reports every error at "
    "once.\n"
    "# Keys marked (reload) follow a change at SIGHUP (systemctl reload); the others at a restart.\n";

}  // namespace

std::string documented_file() {
  std::string text(preamble);
  std::string_view section;
  for (const auto& key : keys()) {
    const auto dot = key.name.find('.');
    text += '\n';
    if (key.name.substr(0, dot) != section) {
      section = key.name.substr(0, dot);
      text.append("[").append(section).append("]\n");
    }
    text.append("# ").append(key.description).append(key.reloadable ? " (reload)" : "").append("\n# ").append(key.unit);
    text.append("\n").append(key.name.substr(dot + 1)).append("=").append(key.default_value).append("\n");
  }
  return text;
}

}  // namespace opi::configuration
