#include "plugins/host_process/confinement.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <nss.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <span>
#include <string_view>
#include <vector>

#include "plugins/frame.hpp"
#include "plugins/host_process/syscall_filter.hpp"
#include "plugins/sanitizer_environment.hpp"

namespace opi::plugins {
namespace {

[[noreturn]] void give_up() { std::_Exit(70); }

// No more than so much; whoever started this process may have had less.
void limit(decltype(RLIMIT_CORE) resource, rlim_t value) {
  rlimit bound{};
  if (::getrlimit(resource, &bound) != 0) give_up();
  bound.rlim_cur = bound.rlim_max = std::min(bound.rlim_max, value);
  if (::setrlimit(resource, &bound) != 0) give_up();
}

void set(int option, unsigned long value) {
  if (::prctl(option, value, 0, 0, 0) != 0) give_up();
}

// What computing needs: memory, talking over what is open, and an end that can be told from others.
constexpr std::array<long, 25> computing{__NR_read,         __NR_write,         __NR_close,
                                         __NR_brk,          __NR_munmap,        __NR_mremap,
                                         __NR_madvise,      __NR_futex,         __NR_exit,
                                         __NR_exit_group,   __NR_rt_sigaction,  __NR_rt_sigprocmask,
                                         __NR_rt_sigreturn, __NR_sigaltstack,   __NR_getpid,
                                         __NR_gettid,       __NR_clock_gettime, __NR_gettimeofday,
                                         __NR_getrandom,    __NR_sched_yield,   __NR_restart_syscall,
                                         __NR_rseq,         __NR_fstat,         __NR_lseek,
                                         __NR_mlock};
// What opening a library needs beside it.
constexpr std::array<long, 5> reading{__NR_newfstatat, __NR_pread64, __NR_readlinkat, __NR_faccessat, __NR_getdents64};
// What reaches anything needs beside both: to look at files, at itself, and to wait.
constexpr auto reaching = std::to_array<long>({
  __NR_statx, __NR_fstatfs, __NR_faccessat2, __NR_readv, __NR_preadv, __NR_dup, __NR_getuid, __NR_geteuid, __NR_getgid,
      __NR_getegid, __NR_nanosleep, __NR_clock_nanosleep, __NR_clock_getres,
#if defined(__x86_64__)
      __NR_access, __NR_readlink,
#endif
});
// What a client of the network needs: sockets that connect, what waits for them, and threads of this process. It
// listens for nobody.
constexpr auto networking = std::to_array<long>({
  __NR_connect, __NR_getsockname, __NR_getpeername, __NR_getsockopt, __NR_setsockopt, __NR_sendto, __NR_recvfrom,
      __NR_sendmsg, __NR_recvmsg, __NR_sendmmsg, __NR_recvmmsg, __NR_shutdown, __NR_writev, __NR_ppoll, __NR_pselect6,
      __NR_epoll_create1, __NR_epoll_ctl, __NR_epoll_pwait, __NR_eventfd2, __NR_pipe2, __NR_timerfd_create,
      __NR_timerfd_settime, __NR_uname, __NR_sysinfo, __NR_sched_getaffinity, __NR_set_robust_list, __NR_membarrier,
#if defined(__x86_64__)
      __NR_poll, __NR_select, __NR_epoll_create, __NR_epoll_wait,  // Poco's sockets are polled by epoll_create()
#endif
});
// What such a client reads wherever it is: how names are resolved, and whom to trust.
constexpr std::array places_of_the_network{"/etc/resolv.conf",
                                           "/etc/hosts",
                                           "/etc/host.conf",
                                           "/etc/gai.conf",
                                           "/etc/services",
                                           "/etc/ssl/certs",
                                           "/etc/ssl/openssl.cnf",
                                           "/usr/share/ca-certificates",
                                           "/usr/local/share/ca-certificates"};

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

// What is not there cannot be allowed: the daemon runs the process anew when it comes.
void allow_reading(int rules, const char* path) {
  const int found = ::open(path, O_PATH | O_CLOEXEC);
  if (found < 0) return;
  allow_reading(rules, found);
  ::close(found);
}
#endif

// A plugin that spins takes the daemon's threads no more of the processor than its weight says: five steps of nice are
// about a third of theirs. Relative to the daemon, whatever it has, for nobody but root may become less nice.
void give_way() {
  errno = 0;
  if (::nice(5) == -1 && errno != 0) give_up();
}

// Root's process is nobody special either: what it may read and send is what its files' and sockets' owner may. Who has
// nothing to give away does not ask: a unit that takes everything from the daemon refuses that call, too.
void drop_privileges() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> held{};
  if (::syscall(__NR_capget, &header, held.data()) != 0) give_up();
  if (std::ranges::all_of(
          held, [](const auto& half) { return half.effective == 0 && half.permitted == 0 && half.inheritable == 0; }))
    return;
  const std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(__NR_capset, &header, none.data()) != 0) give_up();
}

}  // namespace

void limit_resources() {
  // Whoever stops a whole service signals its processes alike; this one ends with the daemon, not before it has
  // drained.
  for (const int polite : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) ::signal(polite, SIG_IGN);
  set(PR_SET_PDEATHSIG, SIGKILL);
  set(PR_SET_NO_NEW_PRIVS, 1);
  drop_privileges();
  give_way();
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  if (::clearenv() != 0) give_up();
  ::tzset();  // reads a file the first time: gmtime() would, too late
}

void limit_to(const Reach& reach, std::uint64_t memory_bytes) {
  constexpr rlim_t few_descriptors = 16, descriptors = 128, locked_bytes = 8 * 1024 * 1024;
  limit(RLIMIT_NOFILE, reach.any() ? descriptors : few_descriptors);
  limit(RLIMIT_MEMLOCK, locked_bytes);
  if (reach.network) {
    // Names are resolved by what is in the C library: another module would be new code.
    for (const auto* const database : {"hosts", "services"})
      if (__nss_configure_lookup(database, std::string_view(database) == "hosts" ? "files dns" : "files") != 0)
        give_up();
    ::mallopt(M_ARENA_MAX, 1);  // an arena a thread would take up the address space that there is
  }
#ifdef OPI_SHADOW_MEMORY
  (void)memory_bytes;
#else
  limit(RLIMIT_AS, memory_bytes);
#endif
}

bool confine_reading(int image, const Reach& reach) {
#ifdef OPI_SHADOW_MEMORY
  (void)image, (void)reach;
  return true;
#else
  const landlock_ruleset_attr handled{LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR};
  const int rules = static_cast<int>(::syscall(__NR_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (rules < 0) return false;
  allow_reading(rules, image);
  for (const char* path : {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"})
    allow_reading(rules, path);
  if (reach.network)
    for (const char* path : places_of_the_network) allow_reading(rules, path);
  for (const auto& path : reach.files) allow_reading(rules, path.c_str());
  if (::syscall(__NR_landlock_restrict_self, rules, 0) != 0) give_up();
  ::close(rules);
  return true;
#endif
}

int confine(const Reach& reach) {
  set(PR_SET_DUMPABLE, 0);
  SyscallFilter filter;
  filter.allow(computing);
  if (reach.any()) {
    filter.allow(reading);
    filter.allow(reaching);
    constexpr std::array<std::uint32_t, 6> of_descriptors{F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL};
    filter.allow_if_one_of(__NR_fcntl, 1, of_descriptors);
    filter.refuse(__NR_openat2, ENOSYS);  // what it is asked for stands where no filter can look
  } else {
    filter.ask(reading);
  }
  if (reach.network) {
    constexpr std::array<std::uint32_t, 2> of_sockets{FIONBIO, FIONREAD};
    // Of streams alone: one of datagrams could be connected anew, to whatever this node's services listen on.
    constexpr std::array<std::uint32_t, 4> pairs{SOCK_STREAM, SOCK_STREAM | SOCK_CLOEXEC, SOCK_STREAM | SOCK_NONBLOCK,
                                                 SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK};
    filter.allow_internet_sockets();
    filter.allow_if_one_of(__NR_socketpair, 1, pairs);
    filter.allow(networking);
    filter.allow_if_one_of(__NR_ioctl, 1, of_sockets);
    filter.allow_if_equal(__NR_prctl, 0, PR_SET_NAME);
    filter.refuse(__NR_clone3, ENOSYS);  // likewise
    filter.decide_by_bits(__NR_clone, 0, CLONE_THREAD, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW);
  } else {
    filter.allow_if_equal(__NR_sendmsg, 0, child_socket);
  }
  for (const auto call : {__NR_mmap, __NR_mprotect})
    filter.decide_by_bits(call, 2, PROT_EXEC, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF);
  filter.decide_by_bits(__NR_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC,
                        reach.any() ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF, SECCOMP_RET_KILL_PROCESS);
  // abort() is to be told from a forbidden call, but nobody else is to be signalled.
  filter.allow_if_equal(__NR_tgkill, 0, static_cast<std::uint32_t>(::getpid()));
#ifdef OPI_SHADOW_MEMORY
  return -1;
#else
  const int listener = filter.install();
  if (listener < 0) give_up();
  return listener;
#endif
}

}  // namespace opi::plugins
