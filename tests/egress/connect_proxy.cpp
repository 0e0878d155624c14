#include "egress/connect_proxy.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace opi::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

ConnectProxy::ConnectProxy() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto at = loopback(0);
  socklen_t size = sizeof at;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ConnectProxy::~ConnectProxy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  for (const int socket : sockets_) ::close(socket);
  ::close(listener_);
}

std::vector<std::string> ConnectProxy::asked() {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void ConnectProxy::answer(std::string instead) {
  const std::lock_guard lock(mutex_);
  instead_ = std::move(instead);
}

// Closed at the end, so that no number is another socket's meanwhile.
int ConnectProxy::keep(int socket) {
  const std::lock_guard lock(mutex_);
  sockets_.push_back(socket);
  if (stopping_) ::shutdown(socket, SHUT_RDWR);
  return socket;
}

void ConnectProxy::accept_all() {
  for (;;) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    keep(client);
    threads_.emplace_back([this, client] { serve(client); });
  }
}

void ConnectProxy::serve(int client) {
  std::string head;
  for (char c = 0; !head.ends_with("\r\n\r\n"); head += c)
    if (::recv(client, &c, 1, 0) != 1) return;
  std::string instead;
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(head);
    instead = instead_;
  }
  const int receiver = instead.empty() ? open_tunnel(head) : -1;
  if (receiver < 0 && instead.empty()) instead = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
  if (send_all(client, receiver < 0 ? instead : "HTTP/1.1 200 Connection established\r\n\r\n") && receiver >= 0)
    carry(client, receiver);
  ::shutdown(client, SHUT_RDWR);
}

// "CONNECT 127.0.0.1:8080 HTTP/1.1": to addresses alone, as it is asked.
int ConnectProxy::open_tunnel(const std::string& head) {
  const auto target = head.substr(8, head.find(' ', 8) - 8);
  const auto colon = target.rfind(':');
  auto at = loopback(static_cast<std::uint16_t>(std::stoi(target.substr(colon + 1))));
  if (::inet_pton(AF_INET, target.substr(0, colon).c_str(), &at.sin_addr) != 1) return -1;
  const int receiver = keep(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(receiver, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 ? receiver : -1;
}

void ConnectProxy::carry(int one, int other) {
  std::array<pollfd, 2> ends{{{one, POLLIN, 0}, {other, POLLIN, 0}}};
  std::array<char, 4096> bytes{};
  while (::poll(ends.data(), ends.size(), -1) > 0) {
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].revents == 0) continue;
      const auto got = ::recv(ends[i].fd, bytes.data(), bytes.size(), 0);
      if (got <= 0 || !send_all(ends[1 - i].fd, {bytes.data(), static_cast<std::size_t>(got)})) {
        ::shutdown(ends[1 - i].fd, SHUT_RDWR);
        return;
      }
    }
  }
}

}  // namespace opi::test
