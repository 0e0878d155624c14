#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace opi::system_test {

// A producer that hands in events, some hundreds a second, until it is told to end: each batch until somebody has
// acknowledged it, over every failure, and never again after that.
class Load {
 public:
  Load(std::string token, std::function<std::uint16_t()> port);
  ~Load() { end(); }
  // How many events were acknowledged in all.
  int end();
  [[nodiscard]] int acknowledged() const { return acknowledged_; }

 private:
  void run();

  const std::string token_;
  const std::function<std::uint16_t()> port_;
  std::atomic<bool> ended_ = false;
  std::atomic<int> acknowledged_ = 0;
  std::thread thread_;
};

}  // namespace opi::system_test
