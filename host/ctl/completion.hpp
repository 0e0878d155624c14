#pragma once
#include <string>

namespace opi::ctl {

// A script for bash that completes commands, options, their choices and files. It needs no other program.
std::string bash_completion();

}  // namespace opi::ctl
