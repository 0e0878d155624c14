#include <boost/json/array.hpp>
#include <ostream>

#include "ctl/daemons_eyes.hpp"
#include "ctl/findings.hpp"
#include "ctl/plain_text.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

json::object view_of(const Finding& finding) {
  const auto level = to_string(finding.level);
  return {{"level", json::string_view(level.data(), level.size())},
          {"check", finding.check},
          {"message", finding.message},
          {"remedy", finding.remedy.empty() ? json::value(nullptr) : json::value(finding.remedy)}};
}

void print(std::ostream& out, const Finding& finding) {
  std::string level(to_string(finding.level)), check = finding.check;
  level.resize(std::max<std::size_t>(level.size(), 7), ' ');
  check.resize(std::max<std::size_t>(check.size(), 13), ' ');
  out << level << "  " << check << "  " << plain(finding.message) << "\n";
  if (!finding.remedy.empty()) out << std::string(24, ' ') << "do: " << plain(finding.remedy) << "\n";
}

int examine(Context& context, const Arguments&) { return report(context, {}); }

}  // namespace

int report(Context& context, json::object document, Findings findings) {
  look_with_the_daemons_eyes(context.configuration());
  examine_configuration(context, findings);
  // With a value that cannot be, what follows would examine something else than the daemon would use.
  if (findings.count(Level::error) == 0) {
    examine_network(context.configuration(), findings);
    examine_state(context.configuration(), findings);
    const bool store = examine_store(context, findings);
    examine_plugins(context, findings, store);
  }
  const auto errors = findings.count(Level::error), warnings = findings.count(Level::warning);
  if (context.json()) {
    json::array rows;
    for (const auto& finding : findings.all()) rows.push_back(view_of(finding));
    document["findings"] = std::move(rows);
    document["errors"] = errors;
    document["warnings"] = warnings;
    print_json(context, document);
  } else {
    for (const auto& finding : findings.all()) print(context.out(), finding);
    context.out() << errors << " errors, " << warnings << " warnings\n";
  }
  return errors == 0 ? exit_ok : exit_findings;
}

std::vector<Command> doctor_commands() {
  return {
      {"doctor",
       "examine the node: one screen of findings, with what to do",
       "Configuration, permissions, disk space, database and its schema, clocks, the daemons that share it, plugins, "
       "secret providers, egress "
       "guard, addresses, and whether every destination has what it signs with. It changes nothing. Run as root, it "
       "looks as the owner of the state directory, who is the daemon's user. Exit code 1 if there is any error.",
       {},
       {},
       examine}};
}

}  // namespace opi::ctl
