#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon_api.hpp"
#include "scenario.hpp"
#include "state_directory.hpp"

namespace opi::demo {

// What a run makes up before its programs start. Everything secret is fresh, in private files, and nowhere else.

// Makes a random signing secret for every local:// reference, where the daemon's provider looks for it, and returns
// them.
std::vector<std::string> make_secrets(const StateDirectory& state, const Scenario& scenario);

// Has integrationsctl issue a producer's and an auditor's token for each tenant, and keeps them in tokens/, each as the
// header line that `curl -H @file` wants: so a token need not stand on a command line.
std::map<std::string, DaemonApi::Tokens> issue_tokens(const std::filesystem::path& programs,
                                                      const StateDirectory& state, const Scenario& scenario);
std::filesystem::path auditor_header_file(const StateDirectory& state, const std::string& tenant);

}  // namespace opi::demo
