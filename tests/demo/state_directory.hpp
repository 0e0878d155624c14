#pragma once
#include <filesystem>
#include <string>

namespace opi::demo {

// Where one run keeps everything it writes: configuration, secrets, tokens, database, logs. Private to the user.
class StateDirectory {
 public:
  // `wanted` empty: a fresh folder under the system's temporary one. Otherwise that one, made if it is not there.
  // Throws std::runtime_error if it holds something already: a run needs an empty outbox.
  explicit StateDirectory(const std::filesystem::path& wanted);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Writes a file for the user's eyes only (0600), folders above it included; replaces nothing.
  void write(const std::filesystem::path& relative, const std::string& text) const;
  void make_folder(const std::filesystem::path& relative) const;
  // Removes the folder if it is a fresh one; a folder that was named is the user's. True if it is gone.
  bool remove() const;

 private:
  std::filesystem::path path_;
  bool is_temporary_ = false;
};

}  // namespace opi::demo
