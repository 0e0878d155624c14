#pragma once
#include <sys/types.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "plugins/descriptor.hpp"
#include "plugins/seccomp_listener.hpp"

namespace opi::plugins {

// Of what the kernel ends a process for, in the texts that say so.
inline constexpr std::string_view forbidden_call = "a system call that no plugin may make";

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
  // As recv(2) of the socket; keeps the listener that comes with the frame `confined`.
  ssize_t receive(std::span<char> buffer);
  // Of its system calls, once it is confined.
  [[nodiscard]] SeccompListener& listener() { return listener_; }
  // In what the process is not confined as it has to be, by what the kernel says of it; empty: in nothing. It cannot
  // become less confined afterwards.
  [[nodiscard]] std::string confinement_fault() const;
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
  Descriptor status_;  // /proc/<pid>/status, opened while the process could still be looked into
  SeccompListener listener_;
  std::string inherited_filters_;
  bool reaped_ = false;
};

}  // namespace opi::plugins
