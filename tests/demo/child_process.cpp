#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace opi::demo {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int exit_not_started = 127;
constexpr std::size_t shown_bytes = 600;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

int descriptor(const char* path, int flags) {
  const int opened = ::open(path, flags | O_CLOEXEC, 0600);
  if (opened < 0) fail(std::string("cannot open ") + path);
  return opened;
}

// True if `descriptor` became readable, false if the deadline passed.
bool wait_readable(int descriptor, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    pollfd poll_for{descriptor, POLLIN, 0};
    const int ready = ::poll(&poll_for, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) fail("poll");
  }
}

// The demo's own settings must hold, whatever the caller's shell has for a daemon of its own.
std::vector<std::string> environment_for_children() {
  std::vector<std::string> kept;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (const std::string_view text = *entry; !text.starts_with("OPI_") && !text.starts_with("NOTIFY_SOCKET="))
      kept.emplace_back(text);
  return kept;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

std::string to_string(const ExitStatus& status) {
  return status.signal != 0 ? "signal " + std::to_string(status.signal) : "exit code " + std::to_string(status.code);
}

std::string last_words(const std::filesystem::path& log) {
  std::ifstream stream(log, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(stream)), {});
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.size() <= shown_bytes ? text : "…" + text.substr(text.size() - shown_bytes);
}

ChildProcess::ChildProcess(const Command& command) {
  std::vector<std::string> words{command.program.string()};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  auto environment = environment_for_children();
  const auto argv = pointers(words), envp = pointers(environment);
  const int null = descriptor("/dev/null", O_RDONLY);
  const int log = descriptor(command.log.c_str(), O_WRONLY | O_APPEND | O_CREAT);
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) fail("pipe");
  const pid_t parent = ::getpid();

  pid_ = ::fork();
  if (pid_ == 0) {
    // Only calls that are safe between fork and exec.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(exit_not_started);  // the demo went away before the line above
    ::setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(null, STDIN_FILENO) < 0 || ::dup2(pipe_ends[1], STDOUT_FILENO) < 0 || ::dup2(log, STDERR_FILENO) < 0)
      ::_exit(exit_not_started);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(exit_not_started);
  }
  const int fork_error = errno;
  ::close(null);
  ::close(log);
  ::close(pipe_ends[1]);
  output_ = pipe_ends[0];
  if (pid_ < 0) {
    ::close(output_);
    throw std::system_error(fork_error, std::generic_category(), "fork");
  }
  // Not through <sys/pidfd.h>: glibc 2.36 declares its functions without C linkage.
  pid_descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pid_descriptor_ < 0) {
    const int error = errno;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(output_);
    throw std::system_error(error, std::generic_category(), "pidfd_open");
  }
}

ChildProcess::~ChildProcess() {
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pid_descriptor_);
  ::close(output_);
}

// False at the end of the output or at the deadline.
bool ChildProcess::read_some(Clock::time_point deadline) {
  if (output_ended_ || !wait_readable(output_, deadline)) return false;
  char chunk[4096];
  const auto count = ::read(output_, chunk, sizeof chunk);
  if (count < 0 && errno == EINTR) return true;
  if (count < 0) fail("cannot read from a child");
  if (count == 0) output_ended_ = true;
  buffer_.append(chunk, static_cast<std::size_t>(count));
  return count > 0;
}

std::optional<std::string> ChildProcess::read_line(milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      auto line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (!read_some(deadline)) return std::nullopt;
  }
}

std::optional<std::string> ChildProcess::read_all(milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (read_some(deadline)) {
  }
  if (!output_ended_) return std::nullopt;
  return std::exchange(buffer_, {});
}

void ChildProcess::terminate() {
  if (!ended_) ::kill(pid_, SIGTERM);
}

std::optional<ExitStatus> ChildProcess::wait(milliseconds timeout) {
  if (ended_) return ended_;
  if (!wait_readable(pid_descriptor_, Clock::now() + timeout)) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) fail("waitpid");
  ended_ = WIFSIGNALED(status) ? ExitStatus{0, WTERMSIG(status)} : ExitStatus{WEXITSTATUS(status), 0};
  return ended_;
}

}  // namespace opi::demo
