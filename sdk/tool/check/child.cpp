#include "check/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>

namespace opi::tool {
namespace {

using std::chrono::steady_clock;
constexpr char end_of_line = '\n', end_of_text = '\x1f';
constexpr std::size_t max_report_bytes = 256 * 1024;  // more than all findings together
constexpr const char* done_mark = "done";
constexpr const char* skip_mark = "skip";

void limit(decltype(RLIMIT_CORE) resource, rlim_t value) {
  const rlimit bound{value, value};
  if (::setrlimit(resource, &bound) != 0) ::_exit(4);
}

void confine() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 256);
  limit(RLIMIT_CPU, 120);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // sanitizers map terabytes
  limit(RLIMIT_AS, rlim_t{4} << 30);
#endif
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (nowhere < 0 || ::dup2(nowhere, fd) < 0) ::_exit(4);
}

// Memory that parent and child see alike.
class SharedPage {
 public:
  SharedPage() : page_(::mmap(nullptr, Report::step_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (page_ == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  }
  ~SharedPage() { ::munmap(page_, Report::step_bytes); }
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;
  [[nodiscard]] char* text() const { return static_cast<char*>(page_); }

 private:
  void* page_;
};

// One line for each finding.
void send(int fd, const std::string& text, const std::string& more) {
  std::string line;
  const auto append = [&line](const std::string& part) {
    for (const char c : part.substr(0, 2000)) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  };
  append(text);
  line += end_of_text;
  append(more);
  line += end_of_line;
  for (std::size_t done = 0; done < line.size();) {
    const auto n = ::write(fd, line.data() + done, line.size() - done);
    if (n <= 0) ::_exit(3);  // nobody listens any more
    done += static_cast<std::size_t>(n);
  }
}

[[noreturn]] void be_the_child(const std::function<void(Report&)>& check, int fd, char* step) {
  confine();
  Report report(fd, step);
  report.step("its start");
  try {
    check(report);
  } catch (const std::exception& exception) {
    report.finding(exception.what(), "correct what the message names");
  }
  send(fd, done_mark, {});
  ::_exit(0);
}

// As one line for people, whatever the plugin has made of it.
std::string shown(const char* step) {
  std::string out(step, ::strnlen(step, Report::step_bytes));
  for (auto& c : out)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return out;
}

struct Heard : Told {
  bool done = false;
};

Heard read_told(std::string_view text) {
  Heard told;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find(end_of_line));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto middle = line.find(end_of_text);
    if (middle == std::string_view::npos) continue;  // cut off
    const std::string first(line.substr(0, middle));
    if (first == done_mark)
      told.done = true;
    else if (first == skip_mark)
      told.skipped = line.substr(middle + 1);
    else
      told.findings.push_back({first, std::string(line.substr(middle + 1))});
  }
  return told;
}

// The child's wait status; nullopt if it had to be killed at the deadline.
std::optional<int> listen(pid_t child, int fd, std::chrono::milliseconds deadline, std::string& text) {
  const auto end = steady_clock::now() + deadline;
  std::optional<int> status;
  for (bool open = true; open || !status;) {
    int raw = 0;
    if (!status && ::waitpid(child, &raw, WNOHANG) == child) status = raw;
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, open ? 1 : 0, status ? 0 : 5) > 0) {
      std::array<char, 4096> buffer{};
      const auto n = ::read(fd, buffer.data(), buffer.size());
      if (n > 0 && text.size() < max_report_bytes) text.append(buffer.data(), static_cast<std::size_t>(n));
      if (n == 0) open = false;
    } else if (status) {
      break;  // whatever else holds the pipe open has nothing to say
    }
    if (!status && steady_clock::now() >= end) break;
  }
  ::kill(-child, SIGKILL);
  if (!status) {
    int raw = 0;
    while (::waitpid(child, &raw, 0) < 0 && errno == EINTR) continue;
  }
  return status;
}

}  // namespace

void Report::step(const std::string& what) {
  const auto length = std::min(what.size(), step_bytes - 1);
  std::memcpy(step_, what.data(), length);
  step_[length] = '\0';
}

void Report::skip(const std::string& reason) { send(fd_, skip_mark, reason); }

void Report::finding(const std::string& message, const std::string& remedy) {
  if (!full()) send(fd_, message, remedy);
  ++findings_;
}

Told run_in_child(const std::function<void(Report&)>& check, std::chrono::milliseconds deadline) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const SharedPage step;
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    ::close(ends[0]);
    be_the_child(check, ends[1], step.text());
  }
  ::close(ends[1]);
  std::string text;
  const auto status = listen(child, ends[0], deadline, text);
  ::close(ends[0]);
  auto told = read_told(text);
  const auto died = [&](const std::string& how) {
    told.findings.push_back(
        {how + " during " + shown(step.text()), "correct the plugin; nothing it is given may do this"});
  };
  if (!status) {
    died("hung for more than " + std::to_string(deadline.count()) + " ms");
  } else if (WIFSIGNALED(*status)) {
    died("died of signal " + std::to_string(WTERMSIG(*status)) + " (" + ::strsignal(WTERMSIG(*status)) + ")");
  } else if (WEXITSTATUS(*status) != 0 || !told.done) {
    died("ended the process with status " + std::to_string(WEXITSTATUS(*status)));
  }
  return told;
}

}  // namespace opi::tool
