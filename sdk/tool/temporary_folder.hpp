#pragma once
#include <filesystem>

namespace opi::tool {

// A folder for this process alone, gone with it.
class TemporaryFolder {
 public:
  // Throws std::system_error if none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace opi::tool
