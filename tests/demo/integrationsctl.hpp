#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "state_directory.hpp"

namespace opi::demo {

// Runs integrationsctl to its end and returns what it printed, without the last line's end. Throws
// std::runtime_error, which says what the program said, if it does not end well.
std::string run_integrationsctl(const std::filesystem::path& programs, const StateDirectory& state,
                                const std::vector<std::string>& arguments);

}  // namespace opi::demo
