#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace opi::plugins::testing {

// Writes a directory of secrets as kubelet's AtomicWriter does: a new directory beside the old one, "..data" swapped by
// a rename, and the old one removed right after.
class VolumeWriter {
 public:
  using Files = std::map<std::string, std::string>;

  explicit VolumeWriter(std::filesystem::path directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
  }

  void write(const Files& files) {
    const auto name = "..2026_11_30_" + std::to_string(++generation_);
    std::filesystem::create_directory(directory_ / name);
    for (const auto& [key, value] : files) {
      std::ofstream(directory_ / name / key, std::ios::binary) << value;
      std::filesystem::permissions(directory_ / name / key, mode);
    }
    std::filesystem::create_directory_symlink(name, directory_ / "..data_tmp");
    std::filesystem::rename(directory_ / "..data_tmp", directory_ / "..data");
    if (generation_ == 1)
      for (const auto& [key, value] : files) std::filesystem::create_symlink("..data/" + key, directory_ / key);
    if (!previous_.empty()) std::filesystem::remove_all(directory_ / previous_);
    previous_ = name;
  }

  std::filesystem::perms mode = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

 private:
  const std::filesystem::path directory_;
  std::string previous_;
  int generation_ = 0;
};

}  // namespace opi::plugins::testing
