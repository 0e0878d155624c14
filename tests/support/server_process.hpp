#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

// Servers that refuse to run as root: they run as user postgres if the test runs as root.
namespace opi::test {

// Makes the folder that user's.
void give_to_server_user(const std::filesystem::path& folder);

// Starts a program in a process group of its own with its output appended to `log`; it gets `at_end` when the calling
// thread ends. The first word is a path. Throws std::runtime_error.
pid_t spawn_server(const std::vector<std::string>& command, const std::filesystem::path& log, int at_end);

}  // namespace opi::test
