#include "sqlite/private_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "domain/store_errors.hpp"

namespace opi::sqlite {
namespace {

constexpr mode_t by_others = S_IRWXG | S_IRWXO;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw StoreUnavailable("sqlite: cannot open " + path + ": it " + why);
}

std::string last_error() { return std::error_code{errno, std::generic_category()}.message(); }

// Its owner. Where anybody may write, anybody may put another database in the place of this one.
uid_t owner_of_folder(const std::string& path) {
  auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) refuse(path, "is in a folder that cannot be looked at: " + last_error());
  if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
    refuse(path, "is in a folder that anybody may write to: chmod o-w " + folder.string());
  return status.st_uid;
}

void close_to_others(const std::string& path, uid_t owner_of_folder) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    refuse(path, "cannot be looked at: " + last_error());
  }
  if (S_ISLNK(status.st_mode)) refuse(path, "is a symbolic link: name the file itself in store.sqlite_path");
  if (!S_ISREG(status.st_mode)) refuse(path, "is no regular file");
  if (status.st_uid != 0 && status.st_uid != ::geteuid() && status.st_uid != owner_of_folder)
    refuse(path, "belongs to another user than its folder: look at what it is, then chown it");
  if (status.st_nlink > 1) refuse(path, "has another name too (a hard link): remove that one");
  if ((status.st_mode & by_others) != 0 && ::chmod(path.c_str(), status.st_mode & ~by_others & 07777) != 0)
    refuse(path, "is open to others than its owner, and this user cannot change that: chmod 600");
}

}  // namespace

void keep_private(const std::string& path) {
  const uid_t owner = owner_of_folder(path);
  if (::mknod(path.c_str(), S_IFREG | 0600, 0) != 0 && errno != EEXIST) refuse(path, "cannot be made: " + last_error());
  // The log and the shared memory take over the mode of the database when they are made.
  for (const char* part : {"", "-wal", "-shm", "-journal"}) close_to_others(path + part, owner);
}

}  // namespace opi::sqlite
