#pragma once
#include <filesystem>

namespace opi::daemon {

// Makes the state directory, or closes the one that is there: its owner alone may enter it, and all that lies in it
// must be of the user who runs the daemon, or of root. What another user could have put there is not worked with.
// Throws std::runtime_error that says what to do.
void secure_state_directory(const std::filesystem::path& folder);

}  // namespace opi::daemon
