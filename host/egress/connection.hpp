#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "egress/exchange.hpp"
#include "egress/place.hpp"
#include "egress/resolver.hpp"
#include "egress/response_parser.hpp"

namespace opi::egress {

class Loop;
class Origin;

using IdleHook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct IdleTag>>;  // in its origin
using LruHook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct LruTag>>;    // in its loop, if idle
using AllHook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct AllTag>>;    // in its loop

// One TCP or TLS connection, carrying one exchange at a time. It belongs to itself: after close() it is
// destroyed as soon as the last of its asynchronous operations has come back. For the loop's thread only.
//
// A read is always under way, also while idle, so that a peer's close is seen before the next request.
//
// Nothing is ever sent twice, with one exception: if a connection that already carried an exchange ends
// without a single byte of response, the peer most likely closed it for idleness while the request was
// coming, and the request goes out once more, on a new connection, if it was cut short or may come twice:
// GET, HEAD, PUT, and what carries an Idempotency-Key.
class Connection final : public Deadline, public IdleHook, public LruHook, public AllHook {
 public:
  // Resolves, connects and shakes hands; then calls Origin::connected(), or connect_failed() and closed().
  // Never from inside open().
  // `place` is the one it was opened for.
  static void open(Loop& loop, Origin& origin, Place place);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start(std::unique_ptr<Exchange> exchange);
  // Whose place it takes up while it is opened or carries an exchange; its origin says so. None: it is idle.
  [[nodiscard]] const Place& place() const { return place_; }
  void take(Place place) { place_ = std::move(place); }
  void close();
  void exchange_expired();
  void cancel();  // the exchange if there is one, and the connection
  void resolved(const Resolution& resolution);
  [[nodiscard]] std::uint64_t id() const { return id_; }

 private:
  using error_code = boost::system::error_code;
  // With the loop's very executor, which costs less than the type-erased default.
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  enum class State { connecting, ready, closed };

  Connection(Loop& loop, Origin& origin, Place place);
  ~Connection() override = default;
  void expired() override;

  // Connecting (connection.cpp).
  void begin();
  void find_proxy();
  void try_next_address();
  void dial(const IpAddress& address, std::uint16_t port);
  void connect_ended(const error_code& error);
  void proxy_unreached(const error_code& error);
  void ask_for_tunnel();
  void read_tunnel_answer();
  void tunnel_answered();
  void address_timed_out();
  void reached();
  void shake_hands();
  void handshake_ended(const error_code& error);
  void become_ready();
  void fail_connect(TransportFault fault, const std::string& detail, const std::string& addresses = {});
  [[nodiscard]] std::string tried() const;
  bool operation_ended();
  void retire_if_quiet();

  // Exchanging (connection_exchange.cpp).
  void write();
  void write_plain();
  void write_ended(const error_code& error, std::size_t bytes);
  void whole_request_written();
  void write_failed(const error_code& error);
  void read();
  void read_ended(const error_code& error, std::size_t bytes);
  void parse();
  bool make_room();
  void peer_closed(const error_code& error);
  void complete(bool reusable);
  void fail_exchange(TransportFault fault, std::string detail);
  std::unique_ptr<Exchange> take_exchange();

  Loop& loop_;
  Origin& origin_;
  const std::uint64_t id_;
  Place place_;
  State state_ = State::connecting;
  int operations_ = 0;  // that still refer to this
  bool retired_ = false;

  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  std::vector<IpAddress> addresses_;
  std::size_t next_address_ = 0;
  bool address_timed_out_ = false, shaking_hands_ = false;
  std::string last_failure_;
  // The way through the proxy, of the address that is tried.
  std::vector<IpAddress> proxy_addresses_;
  std::size_t next_proxy_address_ = 0;
  bool finding_proxy_ = false, by_proxy_ = false;
  std::string tunnel_;  // what it is asked, then what it answers
  MonoTime opened_{}, connect_by_{};

  std::unique_ptr<Exchange> exchange_;
  std::optional<ResponseParser> parser_;
  std::uint64_t served_ = 0;
  std::size_t written_ = 0;
  int interim_responses_ = 0;
  bool writing_ = false, written_all_ = false, write_failed_ = false, reading_ = false, got_bytes_ = false;
  Phase phase_ = Phase::connecting;

  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // bytes not yet parsed
};

}  // namespace opi::egress
