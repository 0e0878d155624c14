#include "check/pure_section.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <map>
#include <system_error>

namespace opi::tool {
namespace {

#if defined(__aarch64__)
constexpr std::uint32_t our_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t our_architecture = AUDIT_ARCH_X86_64;
#endif
constexpr std::size_t max_system_calls = 1024, max_names = 32;

// Memory, locks, signals and the end: nothing by which a result could come from outside or go there. The host, within
// an op such as header_secret, keeps what it puts in in locked memory.
constexpr std::array allowed{SYS_brk,          SYS_mmap,           SYS_munmap,
                             SYS_mremap,       SYS_mprotect,       SYS_madvise,
                             SYS_futex,        SYS_sched_yield,    SYS_sched_getaffinity,
                             SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction,
                             SYS_sigaltstack,  SYS_exit,           SYS_exit_group,
                             SYS_gettid,       SYS_getpid,         SYS_tgkill,
                             SYS_membarrier,   SYS_rseq,           SYS_set_robust_list,
                             SYS_mlock};
#if defined(__SANITIZE_ADDRESS__)
// UBSan writes into a pipe of its own to learn whether memory can be read.
constexpr std::array allowed_to_sanitizers{SYS_pipe2, SYS_read, SYS_write, SYS_close};
#elif defined(__SANITIZE_THREAD__)
// TSan sleeps and looks at the clock, with signals blocked.
constexpr std::array allowed_to_sanitizers{SYS_gettimeofday, SYS_nanosleep, SYS_clock_nanosleep};
#else
constexpr std::array<int, 0> allowed_to_sanitizers{};
#endif

const std::map<int, const char*> names{{SYS_openat, "openat: opens a file"},
                                       {SYS_read, "read"},
                                       {SYS_write, "write"},
                                       {SYS_writev, "writev"},
                                       {SYS_close, "close"},
                                       {SYS_newfstatat, "newfstatat: asks for a file"},
                                       {SYS_readlinkat, "readlinkat: asks for a file"},
                                       {SYS_socket, "socket: opens a connection"},
                                       {SYS_connect, "connect: opens a connection"},
                                       {SYS_sendto, "sendto"},
                                       {SYS_getrandom, "getrandom: asks for chance"},
                                       {SYS_clock_gettime, "clock_gettime: asks for the time"},
                                       {SYS_clock_nanosleep, "clock_nanosleep: sleeps"},
                                       {SYS_nanosleep, "nanosleep: sleeps"},
                                       {SYS_clone, "clone: starts a thread or process"},
                                       {SYS_clone3, "clone3: starts a thread or process"},
                                       {SYS_execve, "execve: starts a program"},
                                       {SYS_kill, "kill: sends a signal"},
                                       {SYS_chdir, "chdir"},
                                       {SYS_umask, "umask"}};

thread_local int pure_depth = 0;
std::array<std::atomic<bool>, max_system_calls> seen_system_calls{};
std::array<std::atomic<const char*>, max_names> seen_names{};

void on_refused(int, siginfo_t* info, void* context) {
  if (pure_depth > 0 && info->si_syscall >= 0 && static_cast<std::size_t>(info->si_syscall) < max_system_calls)
    seen_system_calls[static_cast<std::size_t>(info->si_syscall)] = true;
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__aarch64__)
  registers.regs[0] = static_cast<unsigned long long>(-EPERM);
#else
  registers.gregs[REG_RAX] = -EPERM;
#endif
}

sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
sock_filter result(std::uint32_t value) { return BPF_STMT(BPF_RET | BPF_K, value); }

std::vector<sock_filter> filter_of(int report_fd) {
  std::vector<sock_filter> filter{load(offsetof(seccomp_data, arch)),
                                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, our_architecture, 1, 0),
                                  result(SECCOMP_RET_KILL_PROCESS), load(offsetof(seccomp_data, nr))};
  const auto allow = [&](int number) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
    filter.push_back(result(SECCOMP_RET_ALLOW));
  };
  for (const auto number : allowed) allow(number);
  for (const auto number : allowed_to_sanitizers) allow(number);
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3));
  filter.push_back(load(offsetof(seccomp_data, args)));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(report_fd), 0, 1));
  filter.push_back(result(SECCOMP_RET_ALLOW));
  filter.push_back(result(SECCOMP_RET_TRAP));
  return filter;
}

}  // namespace

PureSection::PureSection() { ++pure_depth; }
PureSection::~PureSection() { --pure_depth; }

void record_impure_call(const char* name) noexcept {
  if (pure_depth == 0) return;
  for (auto& seen : seen_names) {
    const char* none = nullptr;
    if (seen.load() == name || seen.compare_exchange_strong(none, name) || none == name) return;
  }
}

void refuse_system_calls(int report_fd) {
  const auto require = [](bool done, const char* what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
  };
  struct sigaction action {};
  action.sa_sigaction = &on_refused;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  require(::sigaction(SIGSYS, &action, nullptr) == 0, "sigaction");
  auto filter = filter_of(report_fd);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  require(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  require(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0, "seccomp");
}

std::vector<std::string> impurities() {
  std::vector<std::string> found;
  for (const auto& seen : seen_names)
    if (const char* const name = seen.load()) found.emplace_back(name);
  for (std::size_t number = 0; number < seen_system_calls.size(); ++number) {
    if (!seen_system_calls[number]) continue;
    const auto known = names.find(static_cast<int>(number));
    found.push_back("the system call " + (known == names.end() ? std::to_string(number) : std::string(known->second)));
  }
  return found;
}

}  // namespace opi::tool
