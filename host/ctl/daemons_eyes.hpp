#pragma once
#include "configuration/configuration.hpp"

namespace opi::ctl {

// What root can read tells nothing of what the daemon can, nor the other way round: secret providers refuse what
// belongs to others than their own user and root. So whoever looks as root goes on as the owner of the state directory,
// to the end of the process. Nothing happens to others, nor where the directory is not there or is root's.
// Throws std::system_error if it cannot.
void look_with_the_daemons_eyes(const configuration::Configuration& configuration);

}  // namespace opi::ctl
