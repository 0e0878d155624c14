#pragma once
#include <string>
#include <string_view>

#include "ctl/command.hpp"

namespace opi::ctl {

// Everything that commands() holds, a line each, and the exit codes.
std::string usage();
// "destinations disable DESTINATION --tenant TENANT --reason TEXT [--if-match REVISION]"
std::string synopsis(const Command& command);
// One command in full.
std::string help(const Command& command);
// The commands of a noun; empty if there are none.
std::string help_of_noun(std::string_view noun);

}  // namespace opi::ctl
