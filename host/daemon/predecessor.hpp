#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace opi::daemon {

// Which daemon had this state directory before. The file daemon-id in it is locked for as long as this lives, so that
// whoever gets the lock knows that the one before is gone, however it went.
class Predecessor {
 public:
  // Throws std::runtime_error if the file cannot be written.
  Predecessor(const std::filesystem::path& state_directory, const std::string& daemon_id);
  ~Predecessor();
  Predecessor(const Predecessor&) = delete;
  Predecessor& operator=(const Predecessor&) = delete;

  // nullopt: there was none, or it still has the directory.
  [[nodiscard]] const std::optional<std::string>& id() const { return id_; }

 private:
  int file_ = -1;
  std::optional<std::string> id_;
};

}  // namespace opi::daemon
