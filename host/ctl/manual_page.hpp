#pragma once
#include <string>

namespace opi::ctl {

// integrationsctl(1), from the table of commands.
std::string manual_page();

}  // namespace opi::ctl
