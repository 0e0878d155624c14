#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "plugins/refusal.hpp"

namespace opi::plugins {

// A file of the plugin directory, read once: all that follows judges, probes and loads these very bytes.
struct Candidate {
  std::string file;  // absolute path
  std::string bytes;
  crypto::Bytes32 sha256{};
};

struct Discovery {
  std::vector<Candidate> candidates;  // by file name
  std::vector<Refusal> refused;
};

inline constexpr std::size_t max_plugin_files = 128;
inline constexpr std::uintmax_t max_plugin_bytes = 64 * 1024 * 1024;

// The *.so files of a directory that root or this user owns and nobody else may write; symbolic links are refused.
// Other names are ignored. Never throws for what it finds.
Discovery discover(const std::filesystem::path& directory);

// One file, judged the same way, wherever it lies and whatever its name. Never throws for what it finds.
Discovery discover_file(const std::filesystem::path& file);

}  // namespace opi::plugins
