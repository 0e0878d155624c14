#include "plugins/shipped_pins.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "plugins/descriptor.hpp"

namespace opi::plugins {
namespace {

constexpr std::size_t max_lines = 256, max_bytes = 64 * 1024, digest_digits = 64;

std::string contents(const std::filesystem::path& path, const Descriptor& file) {
  const auto refuse = [&](const std::string& why) { throw std::runtime_error(path.string() + " " + why); };
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) refuse("cannot be examined: " + std::string(std::strerror(errno)));
  if (!S_ISREG(found.st_mode)) refuse("is not a regular file");
  // Whoever writes it decides what runs in the daemon.
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) refuse("can be written by its group or by others");
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) refuse("belongs to user id " + std::to_string(found.st_uid));
  std::string text;
  std::array<char, 4096> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  for (;;) {
    const auto n = ::read(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) refuse("cannot be read: " + std::string(std::strerror(errno)));
    if (n == 0) return text;
    text.append(bytes.data(), static_cast<std::size_t>(n));
    if (text.size() > max_bytes) refuse("has more than " + std::to_string(max_bytes) + " bytes");
  }
}

}  // namespace

std::vector<std::string> read_shipped_pins(const std::filesystem::path& file) {
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (opened.get() < 0 && errno == ENOENT) return {};
  if (opened.get() < 0) throw std::runtime_error(file.string() + " cannot be opened: " + std::strerror(errno));
  std::vector<std::string> pins;
  std::istringstream lines(contents(file, opened));
  for (std::string line; std::getline(lines, line);) {
    const bool fits = line.size() > digest_digits + 2 && line.compare(digest_digits, 2, "  ") == 0 &&
                      line.find_first_not_of("0123456789abcdef") == digest_digits;
    if (!fits || pins.size() == max_lines)
      throw std::runtime_error(file.string() + " line " + std::to_string(pins.size() + 1) +
                               (fits ? " is one too many" : " is not a SHA-256, two spaces and a file"));
    pins.push_back(line.substr(0, digest_digits));
  }
  return pins;
}

}  // namespace opi::plugins
