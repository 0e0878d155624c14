#pragma once
#include <map>
#include <string>

namespace opi::ctl {

// Where the service has it.
inline constexpr const char* usual_config_file = "/etc/integrationsd.conf";

// The configuration file of a command: the one that --config names, else INTEGRATIONSCTL_CONFIG, else the service's if
// there is one. Empty: none, the defaults hold.
std::string config_file_of(const std::string& named, const std::map<std::string, std::string>& environment,
                           const std::string& usual = usual_config_file);

}  // namespace opi::ctl
