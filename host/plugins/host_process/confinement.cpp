#include "plugins/host_process/confinement.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <span>
#include <vector>

#include "plugins/frame.hpp"
#include "plugins/sanitizer_environment.hpp"

namespace opi::plugins {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
#error "the system calls of this architecture are not known here"
#endif

[[noreturn]] void give_up() { std::_Exit(70); }

void limit(decltype(RLIMIT_CORE) resource, rlim_t value) {
  const rlimit bound{value, value};
  if (::setrlimit(resource, &bound) != 0) give_up();
}

void set(int option, unsigned long value) {
  if (::prctl(option, value, 0, 0, 0) != 0) give_up();
}

// What computing needs: memory, talking over what is open, and an end that can be told from others.
constexpr std::array<long, 24> computing{__NR_read,         __NR_write,         __NR_close,
                                         __NR_brk,          __NR_munmap,        __NR_mremap,
                                         __NR_madvise,      __NR_futex,         __NR_exit,
                                         __NR_exit_group,   __NR_rt_sigaction,  __NR_rt_sigprocmask,
                                         __NR_rt_sigreturn, __NR_sigaltstack,   __NR_getpid,
                                         __NR_gettid,       __NR_clock_gettime, __NR_gettimeofday,
                                         __NR_getrandom,    __NR_sched_yield,   __NR_restart_syscall,
                                         __NR_rseq,         __NR_fstat,         __NR_lseek};
// What opening a library needs beside it.
constexpr std::array<long, 5> reading{__NR_newfstatat, __NR_pread64, __NR_readlinkat, __NR_faccessat, __NR_getdents64};

// A classic BPF program over seccomp_data: the first rule that fits decides.
class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    jump(BPF_JEQ, architecture, 1, 0);
    end(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
    jump(BPF_JGE, 0x40000000, 0, 1);  // x32
    end(SECCOMP_RET_KILL_PROCESS);
#endif
  }
  void allow(std::span<const long> calls) { decide(calls, SECCOMP_RET_ALLOW); }
  void ask(std::span<const long> calls) { decide(calls, SECCOMP_RET_USER_NOTIF); }
  // Does one thing if none of `bits` is set in the low half of an argument, else the other.
  void decide_by_bits(long call, int argument, std::uint32_t bits, std::uint32_t without, std::uint32_t with) {
    jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 4);
    load_argument(argument);
    jump(BPF_JSET, bits, 0, 1);
    end(with);
    end(without);
  }
  void allow_if_equal(long call, int argument, std::uint32_t value) {
    jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 4);
    load_argument(argument);
    jump(BPF_JEQ, value, 1, 0);
    end(SECCOMP_RET_KILL_PROCESS);
    end(SECCOMP_RET_ALLOW);
  }
  // Returns the descriptor over which the kernel asks.
  int install() {
    end(SECCOMP_RET_KILL_PROCESS);
#ifdef OPI_SHADOW_MEMORY
    return -1;
#else
    const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
    const auto listener = ::syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0) give_up();
    return static_cast<int>(listener);
#endif
  }

 private:
  void decide(std::span<const long> calls, std::uint32_t action) {
    for (const auto call : calls) {
      jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 1);
      end(action);
    }
  }
  void load(std::size_t offset) {
    program_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  }
  void load_argument(int argument) {
    load(offsetof(seccomp_data, args) + static_cast<std::size_t>(argument) * sizeof(std::uint64_t));
  }
  void jump(int how, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
    program_.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), value, if_true, if_false));
  }
  void end(std::uint32_t action) { program_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }
  std::vector<sock_filter> program_;
};

#ifndef OPI_SHADOW_MEMORY
// A file, or all that is in a folder.
void allow_reading(int rules, int fd) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) give_up();
  landlock_path_beneath_attr rule{};
  rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
  if (S_ISDIR(found.st_mode)) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
  rule.parent_fd = fd;
  if (::syscall(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) give_up();
}
#endif

}  // namespace

void limit_resources() {
  // Whoever stops a whole service signals its processes alike; this one ends with the daemon, not before it has
  // drained.
  for (const int polite : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) ::signal(polite, SIG_IGN);
  set(PR_SET_PDEATHSIG, SIGKILL);
  set(PR_SET_NO_NEW_PRIVS, 1);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, 16);
  limit(RLIMIT_MEMLOCK, 0);
  if (::clearenv() != 0) give_up();
  ::tzset();  // reads a file the first time: gmtime() would, too late
}

void limit_memory(std::uint64_t bytes) {
#ifdef OPI_SHADOW_MEMORY
  (void)bytes;
#else
  limit(RLIMIT_AS, bytes);
#endif
}

bool confine_reading_to_libraries(int image) {
#ifdef OPI_SHADOW_MEMORY
  (void)image;
  return true;
#else
  const landlock_ruleset_attr handled{LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR};
  const int rules = static_cast<int>(::syscall(__NR_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (rules < 0) return false;
  allow_reading(rules, image);
  for (const char* path : {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"})
    if (const int found = ::open(path, O_PATH | O_CLOEXEC); found >= 0) {
      allow_reading(rules, found);
      ::close(found);
    }
  if (::syscall(__NR_landlock_restrict_self, rules, 0) != 0) give_up();
  ::close(rules);
  return true;
#endif
}

int confine() {
  set(PR_SET_DUMPABLE, 0);
  Filter filter;
  filter.allow(computing);
  filter.ask(reading);
  for (const auto call : {__NR_mmap, __NR_mprotect})
    filter.decide_by_bits(call, 2, PROT_EXEC, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF);
  filter.decide_by_bits(__NR_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, SECCOMP_RET_USER_NOTIF,
                        SECCOMP_RET_KILL_PROCESS);
  filter.allow_if_equal(__NR_sendmsg, 0, child_socket);
  // abort() is to be told from a forbidden call, but nobody else is to be signalled.
  filter.allow_if_equal(__NR_tgkill, 0, static_cast<std::uint32_t>(::getpid()));
  return filter.install();
}

}  // namespace opi::plugins
