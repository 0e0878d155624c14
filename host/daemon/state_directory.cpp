#include "daemon/state_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace opi::daemon {
namespace {

namespace fs = std::filesystem;

constexpr mode_t by_others = S_IRWXG | S_IRWXO;

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw std::runtime_error("general.state_directory: " + path.string() + " " + why);
}

bool is_ours(const struct stat& status) { return status.st_uid == ::geteuid() || status.st_uid == 0; }

// At any depth; links are not followed. What this user cannot enter it does not work with.
void refuse_what_others_put(const fs::path& folder) {
  constexpr auto enterable = fs::directory_options::skip_permission_denied;
  for (const auto& entry : fs::recursive_directory_iterator(folder, enterable)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) != 0) {
      if (errno == ENOENT) continue;  // gone meanwhile
      refuse(entry.path(), "cannot be looked at");
    }
    if (!is_ours(status))
      refuse(entry.path(),
             "belongs to another user: look at what it is, then chown it to the daemon's user or remove it");
  }
}

}  // namespace

void secure_state_directory(const fs::path& folder) {
  std::error_code failure;
  if (fs::create_directories(folder, failure)) fs::permissions(folder, fs::perms::owner_all, failure);
  if (failure) refuse(folder, "cannot be made: " + failure.message());
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) refuse(folder, "is no directory");
  if (!is_ours(status)) refuse(folder, "belongs to another user: chown it to the daemon's user");
  if ((status.st_mode & by_others) != 0 && ::chmod(folder.c_str(), status.st_mode & ~by_others & 07777) != 0)
    refuse(folder, "is open to others than its owner, and this user cannot change that: chmod 700");
  refuse_what_others_put(folder);
}

}  // namespace opi::daemon
