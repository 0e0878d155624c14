#include "plugins/discovery.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "plugins/refusal_codes.hpp"

namespace opi::plugins {
namespace {

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string octal(mode_t mode) {
  char text[8];
  (void)snprintf(text, sizeof text, "%04o", mode & 07777u);
  return text;
}

// False if reading failed; errno says why. A file that grows meanwhile is cut at its first size.
bool read_all(int fd, std::size_t size, std::string& bytes) {
  bytes.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const auto n = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return true;
}

void examine(const std::string& path, Discovery& found) {
  const auto refuse = [&](const RefusalCode& code, std::string message) {
    found.refused.push_back(refusal(path, Stage::discover, code, std::move(message)));
  };
  // O_NONBLOCK: a FIFO of that name must not hang the start.
  const File file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    if (errno == ELOOP) return refuse(codes::symlink, "is a symbolic link");
    if (errno == ENXIO) return refuse(codes::not_regular, "is not a regular file");
    return refuse(codes::unreadable, std::string("cannot be opened: ") + std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    return refuse(codes::unreadable, std::string("cannot be examined: ") + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refuse(codes::not_regular, "is not a regular file");

  const auto before = found.refused.size();
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    refuse(codes::writable_by_others, "can be written by its group or by others (mode " + octal(status.st_mode) + ")");
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    refuse(codes::foreign_owner, "belongs to user id " + std::to_string(status.st_uid));
  if (status.st_size <= 0 || static_cast<std::uintmax_t>(status.st_size) > max_plugin_bytes)
    refuse(codes::size_out_of_bounds, "has " + std::to_string(status.st_size) + " bytes");
  if (found.refused.size() != before) return;

  Candidate candidate;
  candidate.file = path;
  if (!read_all(file.get(), static_cast<std::size_t>(status.st_size), candidate.bytes))
    return refuse(codes::unreadable, std::string("cannot be read: ") + std::strerror(errno));
  candidate.sha256 = crypto::sha256(candidate.bytes);
  found.candidates.push_back(std::move(candidate));
}

}  // namespace

Discovery discover_file(const std::filesystem::path& file) {
  Discovery found;
  examine(file.string(), found);
  return found;
}

Discovery discover(const std::filesystem::path& directory) {
  Discovery found;
  const auto refuse = [&](const RefusalCode& code, const std::string& message) {
    found.refused.push_back(refusal(directory.string(), Stage::discover, code, message));
  };
  if (!directory.is_absolute()) return refuse(codes::directory_unusable, "is not an absolute path"), std::move(found);
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return refuse(codes::directory_unusable, "is not a directory that can be read"), std::move(found);
  if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
    return refuse(codes::directory_unusable, "can be written by everyone (mode " + octal(status.st_mode) + ")"),
           std::move(found);

  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".so") paths.push_back(at->path().string());
  if (error) return refuse(codes::directory_unusable, "cannot be listed: " + error.message()), std::move(found);
  std::ranges::sort(paths);
  if (paths.size() > max_plugin_files) {
    refuse(codes::too_many_files,
           "has more than " + std::to_string(max_plugin_files) + " plugins; those beyond, by name, are ignored");
    paths.resize(max_plugin_files);
  }
  for (const auto& path : paths) examine(path, found);
  return found;
}

}  // namespace opi::plugins
