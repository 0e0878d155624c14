#include "plugins/image_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace opi::plugins {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

ImageStore::ImageStore(const std::filesystem::path& state_directory) : directory_(state_directory / "plugins") {
  std::error_code error;
  std::filesystem::create_directories(state_directory, error);
  if (error) throw std::runtime_error(state_directory.string() + " cannot be created: " + error.message());
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
    fail(directory_.string() + " cannot be created", errno);
  struct stat status {};
  if (::lstat(directory_.c_str(), &status) != 0) fail(directory_.string() + " cannot be examined", errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid())
    throw std::runtime_error(directory_.string() + " is not a directory of the daemon's user");
  if ((status.st_mode & 0777) != 0700 && ::chmod(directory_.c_str(), 0700) != 0)
    fail(directory_.string() + " cannot be closed to others", errno);
}

std::filesystem::path ImageStore::path_of(const crypto::Bytes32& sha256) const {
  return directory_ / (crypto::to_hex(sha256) + ".so");
}

std::filesystem::path ImageStore::write(std::string_view bytes, const crypto::Bytes32& sha256) const {
  const auto path = path_of(sha256);
  const auto part = path.string() + ".part";
  ::unlink(part.c_str());
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0500);
  if (fd < 0) fail(part + " cannot be created", errno);
  const bool written = write_all(fd, bytes);
  const int error = errno;
  ::close(fd);
  if (!written) {
    ::unlink(part.c_str());
    fail(part + " cannot be written", error);
  }
  if (::rename(part.c_str(), path.c_str()) != 0) fail(path.string() + " cannot be put in place", errno);
  return path;
}

void ImageStore::remove(const crypto::Bytes32& sha256) const noexcept { ::unlink(path_of(sha256).c_str()); }

}  // namespace opi::plugins
