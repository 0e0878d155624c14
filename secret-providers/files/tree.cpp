#include "tree.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <opi/plugin.hpp>
#include <string_view>

namespace opi::file_secrets {
namespace {

using sdk::Failure;

constexpr mode_t written_by_others = S_IWGRP | S_IWOTH;

std::string quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

[[noreturn]] void fail_with(int error, const std::string& what) {
  const bool denied = error == EACCES || error == EPERM || error == ELOOP;
  throw Failure(denied ? OPI_E_DENIED : OPI_E_FAILED, what + " cannot be opened: " + std::strerror(error));
}

struct stat status_of(const FileDescriptor& file, const std::string& what) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    throw Failure(OPI_E_FAILED, what + " cannot be examined: " + std::strerror(errno));
  return status;
}

// Where others can read a file and it still is no file on a disk that all users of the machine see.
bool is_in_memory(const FileDescriptor& file) {
  struct statfs system {};
  return ::fstatfs(file.get(), &system) == 0 && (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
}

}  // namespace

// On its way: where it is, and the names that are still to go.
struct Tree::Walk {
  Place place;
  std::deque<std::string> names;
  bool to_file = false;
  int links = 0;
  std::optional<OpenFile> file;
};

Tree::Tree(const std::string& root, const std::set<uid_t>& owners) : owners_(owners) {
  const int fd = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail_with(errno, "the root directory");
  root_.push_back(std::make_shared<const FileDescriptor>(fd));
  judge(status_of(*root_.back(), "the root directory"), "the root directory", written_by_others);
}

std::optional<Place> Tree::directory(Place from, std::span<const std::string> names) const {
  Walk walk{std::move(from), {names.begin(), names.end()}, false, 0, {}};
  while (!walk.names.empty())
    if (!step(walk)) return std::nullopt;
  return std::move(walk.place);
}

std::optional<OpenFile> Tree::file(Place from, const std::string& name) const {
  Walk walk{std::move(from), {name}, true, 0, {}};
  while (!walk.names.empty())
    if (!step(walk)) return std::nullopt;
  if (!walk.file) throw Failure(OPI_E_DENIED, quoted(name) + " is not a regular file");
  return std::move(walk.file);
}

// False: there is nothing of the next name.
bool Tree::step(Walk& walk) const {
  const std::string name = walk.names.front();
  walk.names.pop_front();
  if (name == ".") return true;
  if (name == "..") {
    if (walk.place.size() == 1) throw Failure(OPI_E_DENIED, "a symbolic link leads out of the root directory");
    walk.place.pop_back();
    return true;
  }
  const int fd = ::openat(walk.place.back()->get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    if (errno != ENOENT) fail_with(errno, quoted(name));
    if (walk.links > 0) throw Moved();
    return false;
  }
  FileDescriptor found(fd);
  const auto status = status_of(found, quoted(name));
  if (S_ISLNK(status.st_mode)) return follow(walk, found, status), true;
  const bool last = walk.to_file && walk.names.empty();
  if (S_ISDIR(status.st_mode) && !last) {
    judge(status, quoted(name), written_by_others);
    walk.place.push_back(std::make_shared<const FileDescriptor>(std::move(found)));
    return true;
  }
  if (!last) throw Failure(OPI_E_DENIED, quoted(name) + " is not a directory");
  if (!S_ISREG(status.st_mode)) throw Failure(OPI_E_DENIED, quoted(name) + " is not a regular file");
  walk.file.emplace(open_file(walk, name));
  return true;
}

void Tree::follow(Walk& walk, const FileDescriptor& link, const struct stat& status) const {
  judge(status, "a symbolic link", 0);
  if (++walk.links > max_links) throw Failure(OPI_E_DENIED, "symbolic links lead in a circle");
  std::string target(PATH_MAX, '\0');
  const auto n = ::readlinkat(link.get(), "", target.data(), target.size());
  if (n < 0) fail_with(errno, "a symbolic link");
  target.resize(static_cast<std::size_t>(n));
  if (target.starts_with('/'))
    throw Failure(OPI_E_DENIED, "a symbolic link with an absolute path leads out of the root directory");
  std::deque<std::string> names;
  for (std::string_view rest = target; !rest.empty();) {
    const auto part = rest.substr(0, rest.find('/'));
    if (!part.empty()) names.emplace_back(part);
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  walk.names.insert(walk.names.begin(), names.begin(), names.end());
}

OpenFile Tree::open_file(const Walk& walk, const std::string& name) const {
  const int fd =
      ::openat(walk.place.back()->get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) throw Moved();
    fail_with(errno, quoted(name));
  }
  FileDescriptor file(fd);
  const auto status = status_of(file, quoted(name));
  // It may be another one than a moment ago.
  if (!S_ISREG(status.st_mode)) throw Failure(OPI_E_DENIED, quoted(name) + " is not a regular file");
  judge(status, quoted(name), is_in_memory(file) ? written_by_others : written_by_others | S_IROTH);
  return {std::move(file), status};
}

void Tree::judge(const struct stat& status, const std::string& what, mode_t forbidden) const {
  if (!owners_.contains(status.st_uid))
    throw Failure(OPI_E_DENIED, what + " belongs to user " + std::to_string(status.st_uid) +
                                    ", who is neither root nor the daemon's nor listed in owner_uids");
  if ((status.st_mode & forbidden) == 0) return;
  if (!S_ISDIR(status.st_mode))
    throw Failure(OPI_E_DENIED, what +
                                    " can be written by its group or others, or is a file on a disk that others can "
                                    "read; chmod 600 or 640 it");
  // In a sticky directory nobody can replace what is another's, and what somebody adds has the wrong owner.
  if ((status.st_mode & S_ISVTX) == 0)
    throw Failure(OPI_E_DENIED, what + " is a directory that its group or others can write; chmod go-w it");
}

}  // namespace opi::file_secrets
