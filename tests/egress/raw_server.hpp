#pragma once
#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace opi::test {

// The server's end of one connection, with blocking calls that return early when the server stops.
class Peer {
 public:
  Peer(int socket, SSL* ssl) : socket_(socket), ssl_(ssl) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  // Head and body of the next request; empty if the client closed instead.
  std::string read_request();
  // False if the client has gone.
  bool write(std::string_view bytes);
  // Blocks until the client closes.
  void wait_for_close();
  // Closes so that the client sees a reset.
  void reset();
  [[nodiscard]] SSL* ssl() const { return ssl_; }  // null without TLS

 private:
  long receive(char* into, std::size_t size);
  int socket_;
  SSL* ssl_;
  std::string buffered_;
};

// A TCP server on 127.0.0.1 that lets a test play every byte: each connection runs `serve` on a thread.
class RawServer {
 public:
  using Serve = std::function<void(Peer&)>;
  // With a context, connections are TLS; those whose handshake fails are only counted.
  explicit RawServer(Serve serve, SSL_CTX* tls = nullptr, const char* address = "127.0.0.1");
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_all();
  void serve_one(int socket);

  Serve serve_;
  SSL_CTX* tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::vector<int> sockets_;
  bool stopping_ = false;
  std::thread acceptor_;
};

// A whole response with this body.
std::string response(int status, std::string_view body, std::string_view headers = {});

// Answers every request of a connection with 200.
void answer_all(Peer& peer);

}  // namespace opi::test
