#include "egress/raw_server.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace opi::test {

Peer::~Peer() {
  if (ssl_ == nullptr) return;
  SSL_shutdown(ssl_);
  SSL_free(ssl_);
}

long Peer::receive(char* into, std::size_t size) {
  if (ssl_ != nullptr) return SSL_read(ssl_, into, static_cast<int>(size));
  return ::recv(socket_, into, size, 0);
}

std::string Peer::read_request() {
  std::string& bytes = buffered_;
  std::size_t wanted = std::string::npos;
  for (;;) {
    const auto end = bytes.find("\r\n\r\n");
    if (end != std::string::npos && wanted == std::string::npos) {
      wanted = end + 4;
      const auto length = bytes.find("Content-Length: ");
      if (length < end) wanted += std::strtoul(bytes.c_str() + length + 16, nullptr, 10);
    }
    if (bytes.size() >= wanted) {
      const std::string request = bytes.substr(0, wanted);
      bytes.erase(0, wanted);
      return request;
    }
    char block[65536];
    const long n = receive(block, sizeof block);
    if (n <= 0) return {};
    bytes.append(block, static_cast<std::size_t>(n));
  }
}

bool Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const long n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                   : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void Peer::wait_for_close() {
  char block[4096];
  while (receive(block, sizeof block) > 0) {
  }
}

void Peer::reset() {
  const linger none{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

RawServer::RawServer(Serve serve, SSL_CTX* tls, const char* address) : serve_(std::move(serve)), tls_(tls) {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = ::inet_addr(address);
  socklen_t size = sizeof at;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 4096) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("cannot listen");
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (auto& thread : threads_) thread.join();
}

void RawServer::accept_all() {
  for (;;) {
    const int socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(socket);
      return;
    }
    ++connections_;
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve_one(socket); });
  }
}

void RawServer::serve_one(int socket) {
  // OpenSSL writes to the socket itself, also when the client has gone.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  SSL* ssl = tls_ != nullptr ? SSL_new(tls_) : nullptr;
  if (ssl != nullptr) SSL_set_fd(ssl, socket);
  {
    Peer peer(socket, ssl);
    if (ssl == nullptr || SSL_accept(ssl) == 1) serve_(peer);
  }
  const std::lock_guard lock(mutex_);
  std::erase(sockets_, socket);
  ::close(socket);
}

std::string response(int status, std::string_view body, std::string_view headers) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " Any\r\n";
  bytes.append(headers).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return bytes;
}

void answer_all(Peer& peer) {
  while (!peer.read_request().empty()) peer.write(response(200, "ok"));
}

}  // namespace opi::test
