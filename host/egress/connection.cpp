#include "egress/connection.hpp"

#include <strings.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "egress/loop.hpp"
#include "egress/origin.hpp"

namespace opi::egress {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  if (address.v6) return {asio::ip::make_address_v6(address.bytes), port};
  asio::ip::address_v4::bytes_type four;
  std::copy_n(address.bytes.begin(), 4, four.begin());
  return {asio::ip::make_address_v4(four), port};
}

}  // namespace

Connection::Connection(Loop& loop, Origin& origin, Place place)
    : loop_(loop), origin_(origin), id_(loop.next_connection_id()), place_(std::move(place)), socket_(loop.context()) {}

void Connection::open(Loop& loop, Origin& origin, Place place) {
  auto* connection = new Connection(loop, origin, std::move(place));  // owns itself, see retire_if_quiet()
  loop.add(*connection);
  ++connection->operations_;
  asio::post(loop.context(), [connection] {
    if (connection->operation_ended()) connection->begin();
  });
}

// False if the connection was closed meanwhile: then the handler has nothing left to do.
bool Connection::operation_ended() {
  --operations_;
  if (state_ != State::closed) return true;
  retire_if_quiet();
  return false;
}

void Connection::retire_if_quiet() {
  if (operations_ > 0 || retired_) return;
  retired_ = true;
  // Later, because callers further up the stack still use this.
  asio::post(loop_.context(), [this] { delete this; });
}

void Connection::close() {
  if (state_ == State::closed) return;
  const bool was_connecting = state_ == State::connecting;
  state_ = State::closed;
  disarm();
  // Requests tell their length, so that the peer needs no farewell; but OpenSSL spoils the session of a
  // connection that it believes broken.
  if (tls_ && !was_connecting) SSL_set_shutdown(tls_->native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  error_code ignored;  // a failing close leaves nothing to do
  socket_.close(ignored);
  loop_.remove(*this);
  origin_.closed(*this, was_connecting);
  retire_if_quiet();
}

void Connection::cancel() {
  if (exchange_) loop_.fail(take_exchange(), TransportFault::cancelled, "the daemon is stopping");
  close();
}

void Connection::begin() {
  opened_ = std::chrono::steady_clock::now();
  connect_by_ = opened_ + loop_.options().connect_timeout;
  loop_.arm(*this, connect_by_);
  const Url& url = origin_.url();
  if (url.literal)
    resolved({{*url.literal}, {}});
  else
    loop_.resolve(url.host, *this);
}

void Connection::resolved(const Resolution& resolution) {
  if (finding_proxy_) {
    if (resolution.addresses.empty())
      return fail_connect(TransportFault::proxy, "the proxy's name leads to no address", resolution.failure);
    finding_proxy_ = false;
    proxy_addresses_ = resolution.addresses;
    return try_next_address();
  }
  // Which names lead somewhere inside is not a tenant's to know: a name whose addresses are all refused is like one
  // that has none. The log tells them apart, by `peer`.
  static constexpr const char* leads_nowhere = "the receiver's name leads to no address that a destination may have";
  if (resolution.addresses.empty())
    return fail_connect(TransportFault::name_resolution, leads_nowhere, resolution.failure);
  std::string refused;
  for (const auto& address : resolution.addresses) {
    const auto verdict = loop_.guard().judge(address, origin_.url().tls);
    if (verdict.allowed)
      addresses_.push_back(address);
    else if (refused.size() < 200)
      refused.append(refused.empty() ? "" : ", ")
          .append(address.to_string())
          .append(" (")
          .append(verdict.reason)
          .append(")");
  }
  if (addresses_.empty() && !origin_.url().literal)
    return fail_connect(TransportFault::name_resolution, leads_nowhere, refused);
  if (addresses_.empty())
    return fail_connect(TransportFault::address_refused, "the receiver has an address that no destination may have",
                        refused);
  find_proxy();
}

// Its own address is the operator's choice, and judged by nobody.
void Connection::find_proxy() {
  const auto* const proxy = loop_.options().proxy.get();
  const auto direct = [&](const IpAddress& address) { return proxy->excepts(origin_.url().host, address); };
  if (proxy == nullptr || std::ranges::all_of(addresses_, direct)) return try_next_address();
  finding_proxy_ = true;
  if (proxy->url().literal)
    resolved({{*proxy->url().literal}, {}});
  else
    loop_.resolve(proxy->url().host, *this);
}

void Connection::try_next_address() {
  if (next_address_ == addresses_.size()) return fail_connect(TransportFault::connect, last_failure_, tried());
  const IpAddress& address = addresses_[next_address_++];
  // The last address may use all the time that is left, the others an equal share of it.
  const auto now = std::chrono::steady_clock::now();
  const auto left = static_cast<std::int64_t>(addresses_.size() - next_address_ + 1);
  address_timed_out_ = false;
  loop_.arm(*this, now + (connect_by_ - now) / left);
  const auto* const proxy = loop_.options().proxy.get();
  by_proxy_ = proxy != nullptr && !proxy->excepts(origin_.url().host, address);
  next_proxy_address_ = 0;
  if (by_proxy_)
    dial(proxy_addresses_[next_proxy_address_++], proxy->url().port);
  else
    dial(address, origin_.url().port);
}

void Connection::dial(const IpAddress& address, std::uint16_t port) {
  const auto endpoint = endpoint_of(address, port);
  error_code error;
  socket_.close(error);
  socket_.open(endpoint.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  if (!error) socket_.set_option(tcp::no_delay(true), error);
  if (error) return fail_connect(TransportFault::connect, "no socket: " + error.message());
  ++operations_;
  socket_.async_connect(endpoint, [this](const error_code& result) {
    if (operation_ended()) connect_ended(result);
  });
}

void Connection::connect_ended(const error_code& error) {
  if (by_proxy_) return error || address_timed_out_ ? proxy_unreached(error) : ask_for_tunnel();
  if (error || address_timed_out_) {
    last_failure_ = "cannot connect to the receiver: " + (address_timed_out_ ? "timed out" : error.message());
    return try_next_address();
  }
  reached();
}

// The receiver's other addresses would go the same way.
void Connection::proxy_unreached(const error_code& error) {
  if (!address_timed_out_ && next_proxy_address_ < proxy_addresses_.size())
    return dial(proxy_addresses_[next_proxy_address_++], loop_.options().proxy->url().port);
  fail_connect(TransportFault::proxy,
               "cannot connect to the proxy: " + (address_timed_out_ ? "timed out" : error.message()), tried());
}

void Connection::ask_for_tunnel() {
  tunnel_ = loop_.options().proxy->connect_request(addresses_[next_address_ - 1], origin_.url().port);
  ++operations_;
  asio::async_write(socket_, asio::buffer(tunnel_), [this](const error_code& error, std::size_t) {
    ::explicit_bzero(tunnel_.data(), tunnel_.size());  // it had the credentials
    tunnel_.clear();
    if (!operation_ended()) return;
    if (address_timed_out_) return address_timed_out();
    if (error)
      return fail_connect(TransportFault::proxy, "the proxy closed the connection: " + error.message(), tried());
    read_tunnel_answer();
  });
}

void Connection::read_tunnel_answer() {
  const auto had = tunnel_.size();
  tunnel_.resize(max_tunnel_answer_bytes);
  ++operations_;
  socket_.async_read_some(asio::buffer(tunnel_.data() + had, tunnel_.size() - had), [this, had](const error_code& error,
                                                                                                std::size_t bytes) {
    tunnel_.resize(had + bytes);
    if (!operation_ended()) return;
    if (address_timed_out_) return address_timed_out();
    if (error)
      return fail_connect(TransportFault::proxy, "the proxy closed the connection: " + error.message(), tried());
    tunnel_answered();
  });
}

// The proxy was reached and has not said what became of this one.
void Connection::address_timed_out() {
  last_failure_ = "cannot connect to the receiver by the proxy: timed out";
  try_next_address();
}

void Connection::tunnel_answered() {
  using Kind = TunnelAnswer::Kind;
  const auto answer = egress::read_tunnel_answer(tunnel_);
  const auto status = " (" + std::to_string(answer.status) + ")";
  if (answer.kind == Kind::incomplete) return read_tunnel_answer();
  tunnel_.clear();
  switch (answer.kind) {
    case Kind::opened: return reached();
    case Kind::unreachable:
      last_failure_ = "the proxy cannot connect to the receiver" + status;
      return try_next_address();
    case Kind::refused:
      return fail_connect(TransportFault::proxy,
                          (answer.status == 407 ? "the proxy wants other credentials"
                                                : "the proxy refuses to connect to the receiver") +
                              status,
                          tried());
    default: return fail_connect(TransportFault::proxy, "the proxy's answer is malformed", tried());
  }
}

// Of the receiver, by whichever way.
void Connection::reached() {
  if (origin_.url().tls)
    shake_hands();
  else
    become_ready();
}

void Connection::shake_hands() {
  shaking_hands_ = true;
  loop_.arm(*this, connect_by_);
  tls_.emplace(socket_, loop_.tls().native());
  TlsContext::prepare(tls_->native_handle(), origin_.url(), origin_.tls_session());
  if (const auto* shown = origin_.client_certificate();
      shown != nullptr && !TlsContext::show(tls_->native_handle(), *shown))
    return fail_connect(TransportFault::tls, "the client certificate is not one that TLS allows", tried());
  ++operations_;
  tls_->async_handshake(asio::ssl::stream_base::client, [this](const error_code& error) {
    if (operation_ended()) handshake_ended(error);
  });
}

void Connection::handshake_ended(const error_code& error) {
  if (error) {
    // Whatever went wrong, an old session must not be the reason again.
    origin_.tls_session().reset();
    return fail_connect(TransportFault::tls,
                        "TLS with the receiver failed: " + TlsContext::describe_failure(tls_->native_handle(), error),
                        tried());
  }
  become_ready();
}

void Connection::become_ready() {
  disarm();
  state_ = State::ready;
  buffer_.resize(4096);
  loop_.counters().opened.fetch_add(1, std::memory_order_relaxed);
  origin_.connected(*this);
  if (state_ == State::ready && !reading_) read();
}

// The addresses to which it tried to connect.
std::string Connection::tried() const {
  std::string list;
  for (std::size_t i = 0; i < next_address_; ++i) list += (i == 0 ? "" : ", ") + addresses_[i].to_string();
  return list;
}

void Connection::fail_connect(TransportFault fault, const std::string& detail, const std::string& addresses) {
  origin_.connect_failed(*this, fault, detail, addresses);
  close();
}

void Connection::expired() {
  if (state_ == State::ready) return close();  // idle for too long
  const bool more = !addresses_.empty() && next_address_ < addresses_.size() && !shaking_hands_;
  if (more) {
    address_timed_out_ = true;
    error_code ignored;  // the pending connect comes back either way
    socket_.cancel(ignored);
    return;
  }
  fail_connect(TransportFault::timeout,
               std::string{addresses_.empty() ? "resolving the receiver's name"
                           : finding_proxy_   ? "resolving the proxy's name"
                           : shaking_hands_   ? "TLS with the receiver"
                                              : "connecting to the receiver"} +
                   " took longer than " + std::to_string(loop_.options().connect_timeout.count()) + " ms",
               tried());
}

}  // namespace opi::egress
