#pragma once
#include <filesystem>

#include "stores/stores.hpp"

namespace opi::ctl {

// Opens the configured store for a command. Throws Failure: permission if the operating system forbids it, unavailable
// if it cannot be reached, configuration if an operator must mend something. What root makes anew is given to the owner
// of its folder: the daemon runs as another user and must be able to write it.
stores::Stores open_store(const configuration::Configuration& configuration, const Clock& clock);

// Gives a file to the owner of its folder, if we are root and it is root's. Throws std::system_error.
void give_to_owner_of_folder(const std::filesystem::path& file);

}  // namespace opi::ctl
