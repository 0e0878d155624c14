#include "egress/http_transport.hpp"

#include <strings.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <functional>

#include "egress/loop.hpp"
#include "egress/request_head.hpp"

namespace opi::egress {
namespace {

// Idempotent by RFC 9110 section 9.2.2, or marked so that the receiver can tell a repetition. Anything else, such as a
// POST that makes a ticket, would be done twice.
bool may_be_repeated(const delivery::HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "PUT" ||
         std::ranges::any_of(request.headers,
                             [](const auto& header) { return boost::beast::iequals(header.name, "Idempotency-Key"); });
}

void wipe(std::string& text) { ::explicit_bzero(text.data(), text.size()); }

// Why the request cannot be sent; empty if it can, and then `exchange` is ready to go.
std::string prepare(Exchange& exchange, delivery::HttpRequest& request, const TransportOptions& options) {
  auto parsed = parse_url(request.url);
  if (!parsed.url) return std::move(parsed.error);
  exchange.url = std::move(*parsed.url);
  auto head = write_request_head(request, exchange.url, options.request, options.user_agent);
  if (!head.error.empty()) return std::move(head.error);
  exchange.head = std::move(head.bytes);
  exchange.is_head = request.method == "HEAD";
  exchange.repeatable = may_be_repeated(request);
  exchange.origin_key = exchange.url.origin();
  if (request.client_certificate) {
    if (!exchange.url.tls) return "a client certificate can be shown in TLS alone";
    // A connection is whose certificate it was made with.
    exchange.origin_key.append("|").append(request.client_certificate->fingerprint());
    exchange.client_certificate = std::move(request.client_certificate);
  }
  if (!exchange.url.tls) {
    exchange.body = std::move(request.body);
    return {};
  }
  std::string whole;  // one record instead of two
  whole.reserve(exchange.head.size() + request.body.size());
  whole.append(exchange.head).append(request.body);
  exchange.head.swap(whole);
  wipe(whole);
  return {};
}

}  // namespace

HttpTransport::HttpTransport(Resolver& resolver, AddressGuard guard, TransportOptions options)
    : options_(std::move(options)), guard_(std::move(guard)), tls_(options_.tls) {
  const std::size_t threads = std::max<std::size_t>(1, options_.threads);
  for (std::size_t i = 0; i < threads; ++i)
    loops_.push_back(std::make_unique<Loop>(options_, threads, resolver, guard_, tls_));
}

HttpTransport::~HttpTransport() {
  stop();
  loops_.clear();
}

void HttpTransport::send(delivery::HttpRequest request, Completion done) {
  auto exchange = std::make_unique<Exchange>();
  exchange->done = std::move(done);
  exchange->tenant = std::move(request.tenant);
  exchange->started = std::chrono::steady_clock::now();
  exchange->timeout = request.timeout;
  exchange->deadline = exchange->started + request.timeout;
  if (auto error = prepare(*exchange, request, options_); !error.empty()) {
    exchange->response.fault = TransportFault::protocol;
    exchange->response.fault_detail = std::move(error);
  }
  for (auto& header : request.headers) wipe(header.value);
  const std::size_t index = loops_.size() == 1 ? 0 : std::hash<std::string>{}(exchange->origin_key) % loops_.size();
  loops_[index]->submit(std::move(exchange));
}

void HttpTransport::stop() {
  for (const auto& loop : loops_) loop->stop();
}

TransportStatistics HttpTransport::statistics() const {
  TransportStatistics sum;
  for (const auto& loop : loops_) {
    const auto& part = loop->statistics();
    sum.requests += part.requests.load(std::memory_order_relaxed);
    sum.opened += part.opened.load(std::memory_order_relaxed);
    sum.reused += part.reused.load(std::memory_order_relaxed);
    sum.retried += part.retried.load(std::memory_order_relaxed);
    sum.connections += part.connections.load(std::memory_order_relaxed);
    sum.idle += part.idle.load(std::memory_order_relaxed);
    sum.in_flight += part.in_flight.load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace opi::egress
