#pragma once
#include <string>
#include <vector>

namespace opi::tool {

// Something wrong with the plugin, and what its author does about it.
struct Finding {
  std::string message, remedy;
};

// Where a check tells what it does and finds. It reaches the parent at once, so that a crash loses nothing.
class Report {
 public:
  static constexpr std::size_t max_findings = 16, step_bytes = 2048;

  // Findings go to `fd`; what is being done stands in `step`, step_bytes of memory shared with the parent.
  Report(int fd, char* step) : fd_(fd), step_(step) {}
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // What is about to be done: in the text of a crash.
  void step(const std::string& what);
  // It could not be judged, and why; findings count none the less.
  void skip(const std::string& reason);
  // Those beyond max_findings are left out.
  void finding(const std::string& message, const std::string& remedy);
  [[nodiscard]] bool full() const { return findings_ >= max_findings; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  char* step_;
  std::size_t findings_ = 0;
};

}  // namespace opi::tool
