#pragma once
#include <string>

namespace opi::daemon {

std::string daemon_manual();         // integrationsd(8), from the options of the command line
std::string configuration_manual();  // integrationsd.conf(5), from the keys of the configuration

}  // namespace opi::daemon
