#include "daemon/predecessor.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace opi::daemon {
namespace {

constexpr std::size_t longest_id = 128;  // as in the stores

[[noreturn]] void cannot_be(const std::filesystem::path& path, const char* what) {
  throw std::runtime_error("general.state_directory: " + path.string() + " cannot be " + what + ": " +
                           std::generic_category().message(errno));
}

}  // namespace

Predecessor::Predecessor(const std::filesystem::path& state_directory, const std::string& daemon_id) {
  const auto path = state_directory / "daemon-id";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (file_ < 0) cannot_be(path, "opened");
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) return;  // another daemon runs in this directory
  std::array<char, longest_id> text{};
  const ssize_t length = ::read(file_, text.data(), text.size());
  if (length > 0) id_ = std::string(text.data(), static_cast<std::size_t>(length));
  const auto size = static_cast<ssize_t>(daemon_id.size());
  if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, daemon_id.data(), daemon_id.size(), 0) != size) {
    const int failure = errno;
    ::close(file_);
    errno = failure;
    cannot_be(path, "written");
  }
}

Predecessor::~Predecessor() { ::close(file_); }

}  // namespace opi::daemon
