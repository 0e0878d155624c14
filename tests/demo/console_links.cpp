#include "console_links.hpp"

#include <algorithm>
#include <array>
#include <iomanip>

#include "integrationsctl.hpp"

namespace opi::demo {

std::vector<ConsoleLink> issue_console_links(const std::filesystem::path& programs, const StateDirectory& state,
                                             const Scenario& scenario) {
  static constexpr std::array tenant_roles{"tenant_admin", "operator", "auditor"};
  std::vector<ConsoleLink> links;
  const auto add = [&](const std::string& tenant, const std::string& role) {
    std::vector<std::string> words{"token", "issue", "--role", role, "--label", "opi-demo console"};
    if (!tenant.empty()) words.insert(words.end(), {"--tenant", tenant});
    links.push_back({tenant, role, run_integrationsctl(programs, state, words)});
  };
  for (const auto& tenant : scenario.tenants)
    for (const auto* role : tenant_roles) add(tenant, role);
  add("", "system_admin");
  return links;
}

void print(std::ostream& out, const std::vector<ConsoleLink>& links, const std::string& page) {
  const auto who = [](const ConsoleLink& link) {
    return link.tenant.empty() ? link.role : link.tenant + " " + link.role;
  };
  std::size_t longest = 0;
  for (const auto& link : links) longest = std::max(longest, who(link).size());
  for (const auto& link : links)
    out << "      " << std::left << std::setw(static_cast<int>(longest)) << who(link) << "  " << page
        << "#token=" << link.token << "\n";
}

}  // namespace opi::demo
