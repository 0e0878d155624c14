#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

#include "egress/connection.hpp"
#include "egress/loop.hpp"
#include "egress/origin.hpp"

namespace opi::egress {

namespace asio = boost::asio;

namespace {

constexpr int max_interim_responses = 16;

// What is left of head and body after `written` bytes.
std::array<asio::const_buffer, 2> rest_of(const Exchange& exchange, std::size_t written) {
  const std::size_t of_head = std::min(written, exchange.head.size());
  const std::size_t of_body = written - of_head;
  return {asio::buffer(exchange.head) + of_head, asio::buffer(exchange.body) + of_body};
}

}  // namespace

void Connection::start(std::unique_ptr<Exchange> exchange) {
  disarm();
  exchange_ = std::move(exchange);
  exchange_->connection = this;
  if (served_++ > 0) loop_.counters().reused.fetch_add(1, std::memory_order_relaxed);
  parser_.emplace(loop_.options().response, exchange_->response, exchange_->is_head);
  written_ = 0;
  interim_responses_ = 0;
  written_all_ = got_bytes_ = false;
  phase_ = Phase::sending;
  write();
}

void Connection::write() {
  if (!tls_) return write_plain();
  writing_ = true;
  ++operations_;
  asio::async_write(*tls_, asio::buffer(exchange_->head), [this](const error_code& error, std::size_t bytes) {
    writing_ = false;
    if (operation_ended()) write_ended(error, bytes);
  });
}

// At once as far as the kernel takes it, which for most requests is all: no operation, no second pass
// through the event loop.
void Connection::write_plain() {
  const std::size_t size = exchange_->head.size() + exchange_->body.size();
  error_code error;
  while (written_ < size) {
    written_ += socket_.write_some(rest_of(*exchange_, written_), error);
    if (error == asio::error::would_block) break;
    if (error) return write_failed(error);
  }
  if (written_ == size) return whole_request_written();
  writing_ = true;
  ++operations_;
  socket_.async_write_some(rest_of(*exchange_, written_), [this](const error_code& result, std::size_t bytes) {
    writing_ = false;
    if (operation_ended()) write_ended(result, bytes);
  });
}

void Connection::write_ended(const error_code& error, std::size_t bytes) {
  if (!exchange_) return;  // answered before all of it was sent: the connection is being closed
  if (error) return write_failed(error);
  written_ += bytes;
  if (tls_)
    whole_request_written();
  else
    write_plain();
}

void Connection::whole_request_written() {
  written_all_ = true;
  exchange_->response.request_sent = true;
  if (phase_ == Phase::sending) phase_ = Phase::awaiting_response;
}

// The peer may have answered before it closed ("413" to a long body): the read under way tells.
void Connection::write_failed(const error_code& error) {
  write_failed_ = true;
  const bool peer_is_gone = error == asio::error::broken_pipe || error == asio::error::connection_reset;
  if (!peer_is_gone) fail_exchange(TransportFault::reset, "sending to the receiver failed: " + error.message());
}

void Connection::read() {
  reading_ = true;
  ++operations_;
  const auto space = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
  auto handler = [this](const error_code& error, std::size_t bytes) {
    reading_ = false;
    if (operation_ended()) read_ended(error, bytes);
  };
  if (tls_)
    tls_->async_read_some(space, std::move(handler));
  else
    socket_.async_read_some(space, std::move(handler));
}

void Connection::read_ended(const error_code& error, std::size_t bytes) {
  if (error) return peer_closed(error);
  if (!exchange_) return close();  // a response nobody asked for: whose it is cannot be known
  got_bytes_ = true;
  end_ += bytes;
  phase_ = Phase::reading_response;
  parse();
  if (state_ == State::ready && !reading_) read();
}

void Connection::parse() {
  while (begin_ < end_) {
    error_code error;
    const std::size_t used = parser_->put(asio::buffer(buffer_.data() + begin_, end_ - begin_), error);
    begin_ += used;
    if (parser_->body_truncated()) return complete(false);
    if (error == boost::beast::http::error::need_more) break;
    if (error) return fail_exchange(TransportFault::protocol, "malformed response: " + error.message());
    if (!parser_->is_done()) {
      if (used == 0) break;
      continue;
    }
    if (!parser_->is_interim()) return complete(parser_->keep_alive());
    if (++interim_responses_ > max_interim_responses)
      return fail_exchange(TransportFault::protocol, "endless interim responses");
    exchange_->response.headers.clear();
    exchange_->response.status = 0;
    parser_.emplace(loop_.options().response, exchange_->response, exchange_->is_head);
  }
  if (!make_room()) fail_exchange(TransportFault::protocol, "malformed response: a line is too long");
}

// The parser wants its lines in one piece.
bool Connection::make_room() {
  if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ < buffer_.size()) return true;
  const std::size_t limit = loop_.options().response.header_bytes + 4096;
  if (buffer_.size() >= limit) return false;
  buffer_.resize(std::min(limit, buffer_.size() * 2));
  return true;
}

void Connection::peer_closed(const error_code& error) {
  if (!exchange_) return close();
  if (!got_bytes_) {
    if (served_ > 1 && !exchange_->retried && (exchange_->repeatable || !written_all_)) {
      auto exchange = take_exchange();
      exchange->retried = true;
      loop_.counters().retried.fetch_add(1, std::memory_order_relaxed);
      close();
      return origin_.retry(std::move(exchange));
    }
    if (error.category() == asio::error::get_ssl_category())
      return fail_exchange(TransportFault::tls, "TLS with the receiver failed: " + error.message());
    return fail_exchange(TransportFault::reset, "the receiver closed the connection without a response");
  }
  const bool cut = error == asio::ssl::error::stream_truncated;  // closed without TLS's own farewell
  if ((error == asio::error::eof || cut) && parser_->got_some()) {
    error_code result;
    parser_->put_eof(result);
    if (!result) {
      // Only the close says where this body ends, and this close could be anyone's.
      exchange_->response.body_truncated = cut;
      return complete(false);
    }
  }
  fail_exchange(TransportFault::reset, "the receiver closed the connection in the middle of the response");
}

std::unique_ptr<Exchange> Connection::take_exchange() {
  parser_.reset();  // refers to the exchange
  exchange_->connection = nullptr;
  return std::move(exchange_);
}

void Connection::complete(bool reusable) {
  auto exchange = take_exchange();
  const auto age = std::chrono::steady_clock::now() - opened_;
  // Bytes beyond the response are nobody's; a request cut short leaves the peer reading.
  reusable = reusable && written_all_ && !write_failed_ && begin_ == end_ && age < loop_.options().max_connection_age;
  begin_ = end_ = 0;
  if (reusable)
    origin_.released(*this);
  else
    close();
  loop_.finish(std::move(exchange));
}

void Connection::fail_exchange(TransportFault fault, std::string detail) {
  auto exchange = take_exchange();
  close();
  loop_.fail(std::move(exchange), fault, std::move(detail));
}

void Connection::exchange_expired() {
  fail_exchange(TransportFault::timeout, "no response from the receiver within " +
                                             std::to_string(exchange_->timeout.count()) + " ms, while " +
                                             std::string{to_string(phase_)});
}

}  // namespace opi::egress
