#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>

namespace opi::plugins {

// An open file descriptor, closed with it.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// One run of opi-plugin-host, killed with this object at the latest. The kernel kills it with the thread that made it.
class SandboxProcess {
 public:
  // Throws std::system_error.
  SandboxProcess(const std::filesystem::path& program, const Descriptor& image);
  SandboxProcess(const SandboxProcess&) = delete;
  SandboxProcess& operator=(const SandboxProcess&) = delete;
  ~SandboxProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int socket() const { return socket_.get(); }  // does not block
  // How it ended: one that has closed its socket is given a moment to end by itself, then it is killed.
  struct End {
    int signal = 0;    // 0: it exited
    std::string what;  // "died (SIGSEGV)", "ended with status 3"
  };
  End wait();
  void kill();

 private:
  pid_t pid_ = -1;
  Descriptor socket_;
  bool reaped_ = false;
};

}  // namespace opi::plugins
