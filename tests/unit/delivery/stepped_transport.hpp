#pragma once
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "delivery/transport.hpp"

namespace opi::test {

// A transport on which nothing moves until the test answers. One thread.
class SteppedTransport final : public delivery::Transport {
 public:
  struct Exchange {
    delivery::HttpRequest request;
    Completion done;
  };

  void send(delivery::HttpRequest request, Completion done) override {
    under_way.push_back({std::move(request), std::move(done)});
  }

  // Ends the exchange at `index` (the oldest, unless said otherwise).
  void respond(delivery::HttpResponse response, std::size_t index = 0) {
    auto exchange = std::move(under_way.at(index));
    under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(index));
    exchange.done(std::move(response));
  }
  void answer(int status, std::string body = {}, std::vector<delivery::Header> headers = {}) {
    delivery::HttpResponse response;
    response.status = status;
    response.request_sent = true;
    response.body = std::move(body);
    response.headers = std::move(headers);
    respond(std::move(response));
  }
  void fail(TransportFault fault, bool request_sent, std::string detail = {}, std::string peer = {}) {
    delivery::HttpResponse response;
    response.fault = fault;
    response.request_sent = request_sent;
    response.fault_detail = std::move(detail);
    response.peer = std::move(peer);
    respond(std::move(response));
  }

  std::deque<Exchange> under_way;
};

}  // namespace opi::test
