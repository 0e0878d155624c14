#include "plugins/sandbox_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "plugins/frame.hpp"
#include "plugins/sanitizer_environment.hpp"

namespace opi::plugins {
namespace {

constexpr int moment_ms = 500;

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

std::string name_of(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name);
}

SandboxProcess::End end_of(int status) {
  if (!WIFSIGNALED(status)) return {0, "ended with status " + std::to_string(WEXITSTATUS(status))};
  const int signal = WTERMSIG(status);
  const char* const why = signal == SIGSYS ? " for a system call that no plugin may make" : "";
  return {signal, "died (" + name_of(signal) + ")" + why};
}

// Out of the way of the child's own, so that neither takes the place of the other.
Descriptor out_of_the_way(int fd) {
  Descriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, child_image + 1));
  if (copy.get() < 0) throw std::system_error(errno, std::generic_category(), "a descriptor cannot be copied");
  return copy;
}

pid_t start(const std::string& program, int socket, int image) {
  SpawnActions actions;
  posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(actions.get(), 0, 1);
  posix_spawn_file_actions_adddup2(actions.get(), 0, 2);
  posix_spawn_file_actions_adddup2(actions.get(), socket, child_socket);
  posix_spawn_file_actions_adddup2(actions.get(), image, child_image);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), child_image + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, usual;
  sigemptyset(&none);
  sigfillset(&usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  const auto environment = sanitizer_environment();
  std::string name = program;
  std::array<char*, 2> arguments{name.data(), nullptr};
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, program.c_str(), actions.get(), &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw std::system_error(error, std::generic_category(), program + " cannot be started");
  return pid;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = other.release();
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

SandboxProcess::SandboxProcess(const std::filesystem::path& program, const Descriptor& image) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "a socket pair cannot be made");
  socket_ = Descriptor(pair[0]);
  const Descriptor other(pair[1]);
  if (::fcntl(socket_.get(), F_SETFL, O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "a socket cannot be set up");
  pid_ = start(program.string(), out_of_the_way(other.get()).get(), out_of_the_way(image.get()).get());
}

SandboxProcess::~SandboxProcess() {
  if (reaped_) return;
  kill();
  (void)wait();
}

void SandboxProcess::kill() {
  if (!reaped_) ::kill(pid_, SIGKILL);
}

SandboxProcess::End SandboxProcess::wait() {
  // By number: the C library of Debian 12 declares the function for C alone.
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ended{handle.get(), POLLIN, 0};
  if (handle.get() < 0 || ::poll(&ended, 1, moment_ms) <= 0) ::kill(pid_, SIGKILL);
  int status = 0;
  pid_t found = 0;
  do found = ::waitpid(pid_, &status, 0);
  while (found < 0 && errno == EINTR);
  reaped_ = true;
  return found == pid_ ? end_of(status) : End{0, "ended, and nobody knows how"};
}

}  // namespace opi::plugins
