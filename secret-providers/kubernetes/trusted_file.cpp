#include "trusted_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <opi/plugin.hpp>

namespace opi::kubernetes {
namespace {

using sdk::Failure;

constexpr std::size_t most_bytes = 512 * 1024;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  ~FileDescriptor() { ::close(fd_); }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

FileStamp stamp_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
          static_cast<std::int64_t>(status.st_size), nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

PrivateBuffer read_trusted_file(const std::string& file, const std::string& what) {
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (opened < 0) throw Failure(OPI_E_FAILED, what + " (" + file + ") cannot be opened: " + std::strerror(errno));
  const FileDescriptor fd(opened);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    throw Failure(OPI_E_FAILED, what + " (" + file + ") cannot be examined: " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw Failure(OPI_E_FAILED, what + " (" + file + ") is not a regular file");
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    throw Failure(OPI_E_FAILED, what + " (" + file + ") belongs to another user");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    throw Failure(OPI_E_FAILED, what + " (" + file + ") can be written by its group or others; chmod go-w it");
  PrivateBuffer content(most_bytes);
  for (;;) {
    const auto room = content.room();
    if (room.empty()) throw Failure(OPI_E_FAILED, what + " (" + file + ") is too large");
    const auto n = ::read(fd.get(), room.data(), room.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Failure(OPI_E_FAILED, what + " (" + file + ") cannot be read: " + std::strerror(errno));
    if (n == 0) return content;
    content.added(static_cast<std::size_t>(n));
  }
}

}  // namespace opi::kubernetes
