#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace opi::test {

// A TCP connection that sends what it is told, well-formed or not. Reads give up after a generous deadline.
class RawClient final {
 public:
  // `from`: the own address, any of 127.0.0.0/8.
  explicit RawClient(std::uint16_t port, const char* from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval deadline{30, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, from, &address.sin_addr);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error(std::string("bind: ") + std::strerror(errno));
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False if the server would not take all of it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_sending() { ::shutdown(socket_, SHUT_WR); }

  // One response, head and body by its Content-Length; what there was if the server closed before.
  std::string response() {
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!receive()) return take(buffer_.size());
    const auto head = buffer_.find("\r\n\r\n") + 4;
    const auto at = buffer_.find("Content-Length: ");
    const std::size_t length = at < head ? std::stoul(buffer_.substr(at + 16)) : 0;
    while (buffer_.size() < head + length)
      if (!receive()) break;
    return take(std::min(buffer_.size(), head + length));
  }
  // Everything until the server closes.
  std::string rest() {
    while (receive()) {
    }
    return take(buffer_.size());
  }
  // The first bytes of an answer; the rest stays unread.
  std::string beginning() {
    if (buffer_.empty()) receive(256);
    return buffer_;
  }
  // Waits, without reading anything, for the server's end of the connection.
  [[nodiscard]] bool closed_without_reading() const {
    pollfd watched{socket_, POLLRDHUP, 0};
    return ::poll(&watched, 1, 30'000) == 1;
  }
  [[nodiscard]] bool closed_by_server() { return buffer_.empty() && !receive(); }

 private:
  bool receive(std::size_t most = 16 * 1024) {
    char block[16 * 1024];
    const auto got = ::recv(socket_, block, most, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("the server does not answer");
    if (got <= 0) return false;
    buffer_.append(block, static_cast<std::size_t>(got));
    return true;
  }
  std::string take(std::size_t count) {
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
  }

  int socket_;
  std::string buffer_;
};

}  // namespace opi::test
