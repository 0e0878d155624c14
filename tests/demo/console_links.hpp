#pragma once
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "scenario.hpp"
#include "state_directory.hpp"

namespace opi::demo {

// A link that signs a browser in. The token stands in the fragment, which no browser sends to a server.
struct ConsoleLink {
  std::string tenant;  // empty: of the installation
  std::string role;
  std::string token;
};

// Has integrationsctl issue a token for each role that has a console, of each tenant and of the installation.
std::vector<ConsoleLink> issue_console_links(const std::filesystem::path& programs, const StateDirectory& state,
                                             const Scenario& scenario);

// `page`: the console's address.
void print(std::ostream& out, const std::vector<ConsoleLink>& links, const std::string& page);

}  // namespace opi::demo
