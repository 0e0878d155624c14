#include "api/http_server.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace opi::api {
namespace {

namespace net = Poco::Net;

constexpr int waiting_connections = 512;  // of the kernel, until the gate accepts them

net::ServerSocket bind(const HttpServer::Options& options) {
  try {
    net::ServerSocket socket;
    // Not the port: two daemons would share it and each would answer half of the requests.
    socket.bind(net::SocketAddress(options.address, options.port), true, false);
    socket.listen(waiting_connections);
    socket.setBlocking(false);
    return socket;
  } catch (const Poco::Exception& failure) {
    throw std::runtime_error("cannot listen on " + options.address + ":" + std::to_string(options.port) + ": " +
                             failure.displayText());
  }
}

}  // namespace

struct HttpServer::Implementation {
  Implementation(RequestHandler answering, const Options& with)
      : options(with),
        handler(std::move(answering)),
        socket(bind(options)),
        port(socket.address().port()),
        gate(socket.impl()->sockfd(), watch, options.gate),
        exchange(handler, watch, options.exchange) {}

  void serve() {
    while (const auto ready = gate.take()) {
      auto served = exchange.serve(*ready);
      gate.finished(ready->connection, served.keep_alive, std::move(served.unread));
    }
  }

  const Options options;
  const RequestHandler handler;
  net::ServerSocket socket;
  const std::uint16_t port;
  DeadlineWatch watch;
  ConnectionGate gate;
  const HttpExchange exchange;
  std::vector<std::thread> threads;
};

HttpServer::HttpServer(RequestHandler handler, const Options& options)
    : implementation_(std::make_unique<Implementation>(std::move(handler), options)) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::start() {
  auto& own = *implementation_;
  for (int i = 0; i < own.options.threads; ++i) own.threads.emplace_back([&own] { own.serve(); });
  own.gate.start();
}

void HttpServer::stop() {
  implementation_->gate.stop();
  implementation_->socket.close();  // or the kernel would go on accepting, and clients would wait for nothing
  for (auto& thread : implementation_->threads) thread.join();
  implementation_->threads.clear();
}

std::uint16_t HttpServer::port() const { return implementation_->port; }

}  // namespace opi::api
