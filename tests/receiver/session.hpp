#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "receiver/part.hpp"
#include "receiver/receiver.hpp"
#include "receiver/signature_check.hpp"

namespace opi::receiver {

// What of a request matters here.
struct Request {
  std::string target, id, timestamp, signature, oneprotect_timestamp, oneprotect_signature, idempotency_key,
      authorization, body;
  bool expects_continue = false;
};

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestParser(Request& request, std::size_t max_body_bytes);

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;
  using field = boost::beast::http::field;

  void on_request_impl(boost::beast::http::verb, string_view, string_view target, int, error_code&) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field, string_view name, string_view value, error_code&) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override;
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override;
  void on_finish_impl(error_code&) override {}

  Request& request_;
  bool is_bench_ = false;  // only counted: nothing is kept
};

// What all sessions of a receiver share; outlives them.
struct SessionContext {
  ReceiverOptions options;
  std::vector<Key> keys;
  Scoreboard scoreboard;
  AuthorizationServer authorization;
};

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// One connection. For the receiver's thread only; lives as long as its operations.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, SessionContext& context);
  void run() { read(); }
  void close();

 private:
  using error_code = boost::system::error_code;

  void read();
  void read_ended(const error_code& error, std::size_t bytes);
  void serve_buffered();
  bool make_room();
  void serve();
  Answer judge(Part part, const std::string& path, std::string_view query);
  void give(Answer answer);
  void respond(const Answer& answer);
  void send(std::string bytes);
  void reset_connection();
  void bad_request(const error_code& error);

  Socket socket_;
  SessionContext& context_;
  boost::asio::steady_timer delay_;
  Request request_;
  std::optional<RequestParser> parser_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::string path_, unsent_;
  bool counts_ = false;  // the answer goes to the scoreboard
  bool busy_ = false;    // answering; nothing is parsed meanwhile
  bool reading_ = false, keep_alive_ = true, closed_ = false, continued_ = false;
};

}  // namespace opi::receiver
