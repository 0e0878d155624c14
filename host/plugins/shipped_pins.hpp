#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace opi::plugins {

// The SHA-256 of the plugins that came with the daemon, in lower-case hex: a file as sha256sum(1) writes and checks it,
// "<64 hex digits>  <file>" a line, made by the build. Empty if there is no such file.
// Throws std::runtime_error, naming file and line, for a file that others than its owner may write, that belongs
// neither to root nor to this process's user, that has more than 256 lines, or a line that is none.
std::vector<std::string> read_shipped_pins(const std::filesystem::path& file);

}  // namespace opi::plugins
