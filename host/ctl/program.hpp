#pragma once
#include <string>
#include <vector>

namespace opi::ctl {

// The whole program over the process's own streams and environment; answers its exit code. Never throws.
int run(const std::vector<std::string>& words);

}  // namespace opi::ctl
