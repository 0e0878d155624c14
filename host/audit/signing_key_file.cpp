#include "audit/signing_key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace opi::audit {
namespace {

constexpr std::size_t max_file_bytes = 16 * 1024;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw std::runtime_error("audit signing key " + file.string() + " " + what);
}
[[noreturn]] void fail_with_errno(const std::filesystem::path& file, const char* what) {
  fail(file, std::string(what) + ": " + std::system_category().message(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

bool is_open_to_others(const struct stat& status) {
  const mode_t forbidden = status.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  return (status.st_mode & forbidden) != 0;
}

// Links are followed, for a mounted Secret is one: the file that is read has to be private, wherever it is.
std::optional<crypto::Ed25519Key> read_signing_key(const std::filesystem::path& file) {
  const Descriptor source(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (source.number() < 0 && errno == ENOENT) return std::nullopt;
  if (source.number() < 0) fail_with_errno(file, "cannot be opened");
  struct stat status {};
  if (::fstat(source.number(), &status) != 0) fail_with_errno(file, "cannot be looked at");
  if (!S_ISREG(status.st_mode)) fail(file, "is no file");
  if (is_open_to_others(status)) fail(file, "may be readable by its owner only: chmod 600");
  std::string pem(max_file_bytes, '\0');
  const auto length = ::read(source.number(), pem.data(), pem.size());
  if (length < 0) fail_with_errno(file, "cannot be read");
  pem.resize(static_cast<std::size_t>(length));
  auto key = crypto::Ed25519Key::from_pem(pem);
  if (!key) fail(file, "is not an unencrypted Ed25519 private key in PEM form");
  return key;
}

namespace {

// Complete under another name first, so that nobody reads half a key; whoever links first wins.
void create(const std::filesystem::path& file) {
  const std::string pem = crypto::Ed25519Key::generate().to_pem();
  const std::filesystem::path part = file.string() + "." + std::to_string(::getpid()) + ".part";
  {
    const Descriptor target(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (target.number() < 0) fail_with_errno(part, "cannot be made");
    if (::write(target.number(), pem.data(), pem.size()) != static_cast<ssize_t>(pem.size()) ||
        ::fsync(target.number()) != 0) {
      const int saved = errno;
      ::unlink(part.c_str());
      errno = saved;
      fail_with_errno(part, "cannot be written");
    }
  }
  const int linked = ::link(part.c_str(), file.c_str());
  const int saved = errno;
  ::unlink(part.c_str());
  errno = saved;
  if (linked != 0 && errno != EEXIST) fail_with_errno(file, "cannot be made");
}

}  // namespace

crypto::Ed25519Key open_signing_key(const std::filesystem::path& file, MissingKey missing) {
  if (auto key = read_signing_key(file)) return std::move(*key);
  if (missing == MissingKey::refused)
    fail(file, "is not there: make it once, with openssl genpkey -algorithm ed25519, and give it to every daemon");
  create(file);
  if (auto key = read_signing_key(file)) return std::move(*key);
  fail(file, "disappeared");
}

}  // namespace opi::audit
