#include "plugins/host_process/syscall_filter.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace opi::plugins {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
#error "the system calls of this architecture are not known here"
#endif

}  // namespace

SyscallFilter::SyscallFilter() {
  load(offsetof(seccomp_data, arch));
  jump(BPF_JEQ, architecture, 1, 0);
  end(SECCOMP_RET_KILL_PROCESS);
  load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  jump(BPF_JGE, 0x40000000, 0, 1);  // x32
  end(SECCOMP_RET_KILL_PROCESS);
#endif
}

void SyscallFilter::allow(std::span<const long> calls) { decide(calls, SECCOMP_RET_ALLOW); }
void SyscallFilter::ask(std::span<const long> calls) { decide(calls, SECCOMP_RET_USER_NOTIF); }

void SyscallFilter::decide_by_bits(long call, int argument, std::uint32_t bits, std::uint32_t without,
                                   std::uint32_t with) {
  jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 4);
  load_argument(argument);
  jump(BPF_JSET, bits, 0, 1);
  end(with);
  end(without);
}

void SyscallFilter::allow_if_one_of(long call, int argument, std::span<const std::uint32_t> values) {
  jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, static_cast<std::uint8_t>(2 * values.size() + 2));
  load_argument(argument);
  for (const auto value : values) {
    jump(BPF_JEQ, value, 0, 1);
    end(SECCOMP_RET_ALLOW);
  }
  end(SECCOMP_RET_KILL_PROCESS);
}

void SyscallFilter::refuse(long call, int error) {
  jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 1);
  end(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error));
}

void SyscallFilter::allow_internet_sockets() {
  constexpr std::uint32_t type_mask = 0xf;
  jump(BPF_JEQ, __NR_socket, 0, 10);
  load_argument(0);
  jump(BPF_JEQ, AF_INET, 2, 0);
  jump(BPF_JEQ, AF_INET6, 1, 0);
  end(SECCOMP_RET_ERRNO | EAFNOSUPPORT);
  load_argument(1);
  program_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, type_mask));
  jump(BPF_JEQ, SOCK_STREAM, 1, 0);
  jump(BPF_JEQ, SOCK_DGRAM, 0, 1);
  end(SECCOMP_RET_ALLOW);
  end(SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

int SyscallFilter::install() {
  end(SECCOMP_RET_KILL_PROCESS);
  const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
  return static_cast<int>(::syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

void SyscallFilter::decide(std::span<const long> calls, std::uint32_t action) {
  for (const auto call : calls) {
    jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 1);
    end(action);
  }
}

void SyscallFilter::load(std::size_t offset) {
  program_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
}

void SyscallFilter::load_argument(int argument) {
  load(offsetof(seccomp_data, args) + static_cast<std::size_t>(argument) * sizeof(std::uint64_t));
}

void SyscallFilter::jump(int how, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
  program_.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), value, if_true, if_false));
}

void SyscallFilter::end(std::uint32_t action) { program_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }

}  // namespace opi::plugins
