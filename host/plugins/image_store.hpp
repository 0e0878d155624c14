#pragma once
#include <filesystem>
#include <string_view>

#include "crypto/digest.hpp"

namespace opi::plugins {

// The daemon's own copies of the plugins it loads: <state>/plugins/<sha256>.so, in a directory that is its alone. What
// was judged is what is loaded, whatever happens to the plugin directory meanwhile.
class ImageStore {
 public:
  // Throws std::runtime_error if the directory cannot be made.
  explicit ImageStore(const std::filesystem::path& state_directory);

  // Writes the copy anew, in one step, and returns its path. Throws std::runtime_error.
  [[nodiscard]] std::filesystem::path write(std::string_view bytes, const crypto::Bytes32& sha256) const;
  void remove(const crypto::Bytes32& sha256) const noexcept;

 private:
  [[nodiscard]] std::filesystem::path path_of(const crypto::Bytes32& sha256) const;
  std::filesystem::path directory_;
};

}  // namespace opi::plugins
