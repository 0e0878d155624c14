#include "api/http_server.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>

#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace opi::api {
namespace {

namespace net = Poco::Net;

constexpr int waiting_connections = 512;  // of the kernel, until the gate accepts them

constexpr std::string_view last_resort =
    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

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
        exchange(handler, options.exchange),
        socket(bind(options)),
        port(socket.address().port()),
        gate(socket.impl()->sockfd(), desk, options.gate) {}

  void serve() noexcept {
    while (auto job = desk.take()) {
      auto outcome = outcome_of(std::move(job->inbound));
      desk.done(std::move(*job), std::move(outcome));
    }
  }

  RequestDesk::Outcome outcome_of(Inbound inbound) noexcept {
    try {
      try {
        return exchange.serve(std::move(inbound));
      } catch (...) {  // not even a problem could be written: no memory, most likely
        return Reply{std::string(last_resort), false};
      }
    } catch (...) {  // nor that: the connection is closed without a word
      return Reply{};
    }
  }

  const Options options;
  const RequestHandler handler;
  const HttpExchange exchange;
  net::ServerSocket socket;
  const std::uint16_t port;
  RequestDesk desk;
  ConnectionGate gate;
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

void HttpServer::request_stop(std::chrono::steady_clock::time_point patience) {
  implementation_->gate.request_stop(patience);
}

void HttpServer::stop() {
  implementation_->gate.stop();     // while there are threads: what is under way gets its answers
  implementation_->socket.close();  // or the kernel would go on accepting, and clients would wait for nothing
  implementation_->desk.close();
  for (auto& thread : implementation_->threads) thread.join();
  implementation_->threads.clear();
}

std::uint16_t HttpServer::port() const { return implementation_->port; }

}  // namespace opi::api
