#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>

namespace opi::test {

// A web server on a port of its own of this machine that answers every request with one text.
class OneTextServer {
 public:
  explicit OneTextServer(std::string text) : text_(std::move(text)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("a server cannot be made");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~OneTextServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  OneTextServer(const OneTextServer&) = delete;
  OneTextServer& operator=(const OneTextServer&) = delete;
  [[nodiscard]] std::string port() const { return std::to_string(port_); }

 private:
  void serve() {
    for (;;) {
      const int connection = ::accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      std::array<char, 1024> request{};
      (void)!::recv(connection, request.data(), request.size(), 0);
      const auto answer = "HTTP/1.0 200 OK\r\n\r\n" + text_;
      (void)!::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(connection);
    }
  }

  const std::string text_;
  const int socket_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace opi::test
