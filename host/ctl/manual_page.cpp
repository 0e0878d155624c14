#include "ctl/manual_page.hpp"

#include "ctl/command.hpp"
#include "ctl/exit_code.hpp"
#include "ctl/help.hpp"
#include "manual/page.hpp"
#include "node/version.hpp"

namespace opi::ctl {
namespace {

void add_options(manual::Page& page, const std::vector<Option>& options) {
  for (const auto& option : options) page.item("--" + std::string(option.name), option.value, option.description);
}

void add_command(manual::Page& page, const Command& command) {
  page.subsection(synopsis(command));
  page.paragraph(std::string(command.summary) + "." +
                 (command.details.empty() ? "" : " " + std::string(command.details)));
  for (const auto& positional : command.positionals) page.item(positional.name, "", positional.description);
  add_options(page, command.options);
}

}  // namespace

std::string manual_page() {
  manual::Page page("integrationsctl", "1", "administer a node of OneProtect Integrations", "OneProtect Integrations",
                    "OneProtect Integrations " + std::string(node::version));
  page.section("SYNOPSIS").synopsis("integrationsctl", "[OPTION]... COMMAND [ARGUMENT]...");
  page.section("DESCRIPTION")
      .paragraph(
          "It works on the node, directly on the store that the configuration names, with or without a running "
          "integrationsd(8): by the same rules as the HTTP API, with the same documents, and every change stands in "
          "the "
          "audit trail under the name of the user who made it. It prints tables for people, and with --json the very "
          "documents of the API.");
  page.section("OPTIONS");
  add_options(page, global_options());
  page.section("COMMANDS");
  for (const auto& command : commands()) add_command(page, command);
  page.section("EXIT STATUS");
  for (const auto& known : exit_meanings) page.item(std::to_string(known.code), "", known.meaning);
  page.section("ENVIRONMENT")
      .item("INTEGRATIONSCTL_CONFIG", "", "The configuration file, if --config does not name one.")
      .item("OPI_SECTION_NAME", "", "One key of the configuration each; see integrationsd.conf(5).");
  page.section("FILES").item(
      "/etc/integrationsd.conf", "",
      "The configuration file, if neither --config nor INTEGRATIONSCTL_CONFIG names one. Without "
      "it the defaults hold.");
  page.section("SEE ALSO").paragraph("integrationsd(8), integrationsd.conf(5)");
  return page.text();
}

}  // namespace opi::ctl
