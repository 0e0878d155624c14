#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace opi::api {

// The files of the console page, read once: what is served is what lay there at the start, and a request's path is
// looked up, never opened. Immutable, thread-safe.
class ConsoleAssets {
 public:
  static constexpr std::size_t max_files = 512, max_file_bytes = 8 * 1024 * 1024, max_bytes = 32 * 1024 * 1024;

  struct Asset {
    std::string content_type;
    std::string etag;  // quoted
    std::string body;
    std::string gzip;        // the same body compressed, from <file>.gz beside it; empty if there is none
    bool immutable = false;  // its name changes with its content
  };

  ConsoleAssets() = default;  // none

  // Regular files below `directory` with a name and a type that a console has; links, hidden and other files are left
  // out. None if the directory is not there. Throws std::runtime_error beyond the limits, or if a file cannot be read.
  static ConsoleAssets read(const std::filesystem::path& directory);

  // By its path below the directory, such as "assets/index-3f2a.js"; null if there is none.
  [[nodiscard]] const Asset* find(std::string_view path) const;
  [[nodiscard]] bool empty() const { return assets_.empty(); }
  [[nodiscard]] std::size_t size() const { return assets_.size(); }
  [[nodiscard]] const std::string& directory() const { return directory_; }  // for messages

 private:
  std::string directory_;
  std::map<std::string, Asset, std::less<>> assets_;
};

}  // namespace opi::api
