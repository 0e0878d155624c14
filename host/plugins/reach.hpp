#pragma once
#include <string>
#include <vector>

namespace opi::plugins {

// What a plugin's process can reach beside computing. Nothing, unless it serves a secret provider whose manifest
// declares that it needs more.
struct Reach {
  bool network = false;
  std::vector<std::string> files;  // absolute paths to read: files, and folders with all that is below them

  [[nodiscard]] bool any() const { return network || !files.empty(); }
};

}  // namespace opi::plugins
