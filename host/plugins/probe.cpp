#include "plugins/probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "plugins/refusal_codes.hpp"
#include "plugins/sanitizer_environment.hpp"

namespace opi::plugins {
namespace {

using std::chrono::steady_clock;
constexpr std::size_t max_report_bytes = 64 * 1024;

// A child of its own process group, killed with all it started when this goes.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::kill(-pid_, SIGKILL);
    if (!status_) (void)wait_for(0);
  }
  // The wait status once the child has ended; nullopt while it lives.
  std::optional<int> poll_end() {
    if (!status_) (void)wait_for(WNOHANG);
    return status_;
  }

 private:
  bool wait_for(int flags) {
    int status = 0;
    pid_t ended = 0;
    do ended = ::waitpid(pid_, &status, flags);
    while (ended < 0 && errno == EINTR);
    if (ended == pid_) status_ = status;
    if (ended < 0) status_ = 0xff00;  // somebody else reaped it: counts as a failed exit
    return status_.has_value();
  }

  pid_t pid_;
  std::optional<int> status_;
};

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_write();
    if (ends_[0] >= 0) ::close(ends_[0]);
  }
  [[nodiscard]] int read_end() const { return ends_[0]; }
  [[nodiscard]] int write_end() const { return ends_[1]; }
  void close_write() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// Zero, or the error number.
int start(const std::string& program, std::vector<std::string> arguments, int report_end, pid_t& pid) {
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const auto environment = sanitizer_environment();
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawn_file_actions_adddup2(&actions, report_end, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

struct Report {
  std::string step = "start";
  std::vector<std::pair<std::string, std::string>> faults;  // code, message
  bool done = false;
};

Report read_report(std::string_view text) {
  Report report;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("step ")) report.step = line.substr(5);
    if (line.starts_with("fault ") && line.size() > 11) report.faults.emplace_back(line.substr(6, 4), line.substr(11));
    if (line == "done") report.done = true;
  }
  return report;
}

const RefusalCode& code_named(std::string_view name) {
  for (const auto* const code : {&codes::no_entry, &codes::other_major, &codes::offer_refused, &codes::short_table,
                                 &codes::newer_minor, &codes::null_slot, &codes::unknown_flags,
                                 &codes::missing_interface, &codes::threw, &codes::not_loadable, &codes::init_failed})
    if (code->code == name) return *code;
  return codes::died_in_probe;
}

// Collects what the child reports until it ends. False: it did not within the deadline.
bool collect(Child& child, int fd, steady_clock::time_point deadline, std::string& text) {
  bool open = true;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return false;
    if (!open && child.poll_end()) return true;
    // The pipe may end a moment before the child does, or be held open by a grandchild after it.
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(open ? &wait : nullptr, open ? 1 : 0,
                             static_cast<int>(std::min<std::int64_t>(left.count(), open ? 20 : 1)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready > 0) {
      std::array<char, 4096> buffer{};
      const auto n = ::read(fd, buffer.data(), buffer.size());
      if (n > 0 && text.size() < max_report_bytes) text.append(buffer.data(), static_cast<std::size_t>(n));
      if (n == 0 || (n < 0 && errno != EINTR)) open = false;
    } else if (open && child.poll_end()) {
      return true;
    }
  }
}

}  // namespace

std::vector<Refusal> Probe::run(const std::string& file, const std::filesystem::path& image,
                                const Manifest& manifest) const {
  const auto one = [&](const RefusalCode& code, std::string message) {
    return std::vector{refusal(file, Stage::probe, code, std::move(message))};
  };
  std::vector<std::string> arguments{options_.program.string(), image.string(), environment_,
                                     std::to_string(offered_minor_)};
  for (const auto& component : manifest.components) {
    auto& promise = arguments.emplace_back(component.id);
    for (const auto& interface : component.interfaces)
      promise += (promise.size() == component.id.size() ? "=" : ",") + interface;
  }
  Pipe pipe;
  pid_t pid = -1;
  const int error =
      pipe.read_end() < 0 ? errno : start(options_.program.string(), std::move(arguments), pipe.write_end(), pid);
  if (error != 0)
    return one(codes::probe_unavailable, "the probe cannot be started: " + std::string(std::strerror(error)));
  pipe.close_write();
  Child child(pid);
  std::string text;
  const bool ended = collect(child, pipe.read_end(), steady_clock::now() + options_.deadline, text);
  const auto report = read_report(text);
  if (!ended)
    return one(codes::hung_in_probe,
               "hung during " + report.step + " for more than " + std::to_string(options_.deadline.count()) + " ms");

  std::vector<Refusal> refused;
  for (const auto& [code, message] : report.faults)
    refused.push_back(refusal(file, Stage::probe, code_named(code), message));
  const int status = *child.poll_end();
  if (WIFSIGNALED(status)) {
    refused.push_back(refusal(file, Stage::probe, codes::died_in_probe,
                              "died of signal " + std::to_string(WTERMSIG(status)) + " (" +
                                  ::strsignal(WTERMSIG(status)) + ") during " + report.step));
  } else if (report.step == "start") {
    return one(codes::probe_unavailable,
               "the probe ended with status " + std::to_string(WEXITSTATUS(status)) + " before it began");
  } else if (WEXITSTATUS(status) != 0 || !report.done) {
    refused.push_back(
        refusal(file, Stage::probe, codes::died_in_probe,
                "ended the process with status " + std::to_string(WEXITSTATUS(status)) + " during " + report.step));
  }
  return refused;
}

}  // namespace opi::plugins
