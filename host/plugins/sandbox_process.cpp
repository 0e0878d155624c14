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
#include <charconv>
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
  const auto why = signal == SIGSYS ? " for " + std::string(forbidden_call) : "";
  return {signal, "died (" + name_of(signal) + ")" + why};
}

// Of a process or of thread-self; negative if there is no such file.
int open_status(const std::string& whose) {
  return ::open(("/proc/" + whose + "/status").c_str(), O_RDONLY | O_CLOEXEC);
}

std::string contents(const Descriptor& file) {
  std::array<char, 8 * 1024> text;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by pread
  const auto n = ::pread(file.get(), text.data(), text.size(), 0);
  return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : std::string();
}

// The value of a line "name:\tvalue"; empty if there is none.
std::string field(std::string_view name, std::string_view status) {
  const auto label = "\n" + std::string(name) + ":\t";
  const auto at = status.find(label);
  if (at == std::string_view::npos) return {};
  const auto value = status.substr(at + label.size());
  return std::string(value.substr(0, value.find('\n')));
}

int number(const std::string& digits) {
  int value = -1;
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
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

SandboxProcess::SandboxProcess(const std::filesystem::path& program, const Descriptor& image) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "a socket pair cannot be made");
  socket_ = Descriptor(pair[0]);
  const Descriptor other(pair[1]);
  if (::fcntl(socket_.get(), F_SETFL, O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "a socket cannot be set up");
  const auto own = contents(Descriptor(open_status("thread-self")));
  if (own.empty()) throw std::system_error(errno, std::generic_category(), "/proc/thread-self/status cannot be read");
  inherited_filters_ = field("Seccomp_filters", own);
  pid_ = start(program.string(), out_of_the_way(other.get()).get(), out_of_the_way(image.get()).get());
  status_ = Descriptor(open_status(std::to_string(pid_)));
}

ssize_t SandboxProcess::receive(std::span<char> buffer) {
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  // The first descriptor alone is kept: it comes before the plugin is opened. The kernel closes what has no room.
  if (listener_.descriptor() < 0) {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
  }
  const auto n = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) return n;
  const auto* const header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len == CMSG_LEN(sizeof(int))) {
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    listener_ = SeccompListener(Descriptor(descriptor));
  }
  return n;
}

std::string SandboxProcess::confinement_fault() const {
#ifdef OPI_SHADOW_MEMORY
  return {};
#else
  const auto status = contents(status_);
  if (status.empty()) return "its /proc/<pid>/status cannot be read";
  if (field("NoNewPrivs", status) != "1") return "it could gain privileges (NoNewPrivs)";
  if (field("Seccomp", status) != "2") return "it has no filter of system calls (Seccomp)";
  // Its own filter beside the daemon's. Kernels before 5.9 do not count them.
  if (!inherited_filters_.empty() && number(field("Seccomp_filters", status)) != number(inherited_filters_) + 1)
    return "it has not the one filter of system calls that it has to have (Seccomp_filters)";
  if (listener_.descriptor() < 0) return "it did not hand over the listener of its system calls";
  return {};
#endif
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
