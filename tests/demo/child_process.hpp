#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace opi::demo {

struct Command {
  std::filesystem::path program;
  std::vector<std::string> arguments;  // anyone can read them: no secrets
  std::filesystem::path log;           // standard error is appended here; the file is private
};

// How a child ended: the code of exit(), or the number of the signal.
struct ExitStatus {
  int code = 0;
  int signal = 0;
  [[nodiscard]] bool clean() const { return code == 0 && signal == 0; }
};
std::string to_string(const ExitStatus& status);  // "exit code 1", "signal 9"

// The last 600 bytes of a log, for an error; empty if there is none.
std::string last_words(const std::filesystem::path& log);

// A program started by the demo. Its standard output is a pipe. It has a process group of its own, so that a Ctrl-C
// at the terminal reaches only the demo, and the kernel kills it when the demo goes away, however that happens.
// To be used by the thread that made it.
class ChildProcess {
 public:
  // Throws std::system_error if the program cannot be run.
  explicit ChildProcess(const Command& command);
  ~ChildProcess();  // kills and reaps
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  // The first line of its standard output without the line's end; nullopt if it ends or `timeout` passes before.
  std::optional<std::string> read_line(std::chrono::milliseconds timeout);
  // Its standard output until it closes it; nullopt if `timeout` passes before.
  std::optional<std::string> read_all(std::chrono::milliseconds timeout);

  void terminate();  // SIGTERM
  // Nullopt if it still runs after `timeout`. Once it has ended, always the same.
  std::optional<ExitStatus> wait(std::chrono::milliseconds timeout);

 private:
  bool read_some(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int pid_descriptor_ = -1, output_ = -1;
  std::string buffer_;
  bool output_ended_ = false;
  std::optional<ExitStatus> ended_;
};

}  // namespace opi::demo
