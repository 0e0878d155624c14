#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace opi::test {

// An HTTP proxy on 127.0.0.1 that answers CONNECT and carries bytes both ways, a thread a connection.
class ConnectProxy {
 public:
  ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;
  ~ConnectProxy();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // The heads of what it was asked, in their order.
  [[nodiscard]] std::vector<std::string> asked();
  // What it answers instead of opening a tunnel, from now on; empty: it opens one, or says 502 if it cannot.
  void answer(std::string instead);

 private:
  void accept_all();
  void serve(int client);
  [[nodiscard]] int open_tunnel(const std::string& head);
  static void carry(int one, int other);
  int keep(int socket);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::string instead_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace opi::test
