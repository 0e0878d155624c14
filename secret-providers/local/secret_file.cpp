#include "secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <opi/plugin.hpp>

namespace opi::local_secrets {
namespace {

using sdk::Failure;

std::string place(std::size_t depth) {
  return depth == 0 ? "the directory of secrets" : "part " + std::to_string(depth) + " of the path";
}

// nullopt: nothing of that name.
std::optional<FileDescriptor> open_below(int parent, const char* name, int flags, std::size_t depth) {
  const int fd = ::openat(parent, name, flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd >= 0) return FileDescriptor(fd);
  const int error = errno;
  if (error == ENOENT) return std::nullopt;
  if (error == ELOOP || error == ENOTDIR)
    throw Failure(OPI_E_DENIED, place(depth) + " is a symbolic link, or not what it should be");
  throw Failure(error == EACCES || error == EPERM ? OPI_E_DENIED : OPI_E_FAILED,
                place(depth) + " cannot be opened: " + std::strerror(error));
}

struct stat status_of(const FileDescriptor& file, std::size_t depth, mode_t forbidden) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    throw Failure(OPI_E_FAILED, place(depth) + " cannot be examined: " + std::strerror(errno));
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    throw Failure(OPI_E_DENIED, place(depth) + " belongs to another user");
  if ((status.st_mode & forbidden) != 0)
    throw Failure(OPI_E_DENIED, place(depth) + (S_ISDIR(status.st_mode)
                                                    ? " can be written by others; chmod o-w it"
                                                    : " is open to others, or its group may write it; chmod 600 it"));
  return status;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<SecretFile> SecretFile::open(const std::string& root, std::span<const std::string> segments) {
  std::size_t depth = 0;
  auto directory = open_below(AT_FDCWD, root.c_str(), O_DIRECTORY, depth);
  if (!directory) throw Failure(OPI_E_FAILED, "the directory of secrets does not exist");
  status_of(*directory, depth, S_IWOTH);
  for (const auto& segment : segments) {
    if (segment.empty() || segment == "." || segment == ".." || segment.find('/') != std::string::npos ||
        segment.find('\0') != std::string::npos)
      throw Failure(OPI_E_INVALID, place(depth + 1) + " is not a file name");
    const bool last = ++depth == segments.size();
    auto next = open_below(directory->get(), segment.c_str(), O_NOFOLLOW | (last ? 0 : O_DIRECTORY), depth);
    if (!next) return std::nullopt;
    const auto status = status_of(*next, depth, last ? S_IRWXO | S_IWGRP : S_IWOTH);
    if (!last) {
      directory.reset();
      directory.emplace(std::move(*next));
      continue;
    }
    if (!S_ISREG(status.st_mode)) throw Failure(OPI_E_DENIED, place(depth) + " is not a regular file");
    auto size = static_cast<std::uint64_t>(status.st_size);
    char end = '\0';
    if (size > 0 && ::pread(next->get(), &end, 1, status.st_size - 1) == 1 && end == '\n') --size;
    if (size == 0) throw Failure(OPI_E_INVALID, "the file of the secret is empty");
    if (size > max_bytes)
      throw Failure(OPI_E_TOO_LARGE, "the file of the secret is larger than " + std::to_string(max_bytes) + " bytes");
    return SecretFile(std::move(*next), size, status.st_ino,
                      std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec);
  }
  throw Failure(OPI_E_INVALID, "the reference names no file");
}

std::string SecretFile::stamp() const { return std::to_string(inode_) + "." + std::to_string(modified_ns_); }

void SecretFile::read_into(std::span<std::uint8_t> memory) const {
  std::size_t done = 0;
  while (done < memory.size()) {
    const auto n = ::pread(file_.get(), memory.data() + done, memory.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      throw Failure(OPI_E_FAILED, std::string("the file of the secret cannot be read: ") + std::strerror(errno));
    if (n == 0) throw Failure(OPI_E_BUSY, "the file of the secret changed while it was read");
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace opi::local_secrets
