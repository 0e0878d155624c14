#include "receiver/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <cstring>

namespace opi::receiver {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t max_header_bytes = 64 * 1024;
constexpr std::string_view bench_response =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

std::chrono::milliseconds unix_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace

RequestParser::RequestParser(Request& request, std::size_t max_body_bytes) : request_(request) {
  eager(true);
  body_limit(max_body_bytes);
  header_limit(max_header_bytes);
}

void RequestParser::on_request_impl(http::verb, string_view, string_view target, int, error_code&) {
  request_.target.assign(target.data(), target.size());
  is_bench_ = request_.target == "/bench";
}

void RequestParser::on_field_impl(field name, string_view text, string_view value, error_code&) {
  if (is_bench_) return;
  const auto keep = [&](std::string_view wanted, std::string& into) {
    if (boost::beast::iequals(text, {wanted.data(), wanted.size()})) into.assign(value.data(), value.size());
  };
  keep("webhook-id", request_.id);
  keep("webhook-timestamp", request_.timestamp);
  keep("webhook-signature", request_.signature);
  keep("x-oneprotect-timestamp", request_.oneprotect_timestamp);
  keep("x-oneprotect-signature", request_.oneprotect_signature);
  keep("idempotency-key", request_.idempotency_key);
  keep("authorization", request_.authorization);
  if (name == field::expect) request_.expects_continue = boost::beast::iequals(value, "100-continue");
}

std::size_t RequestParser::on_body_impl(string_view body, error_code&) {
  if (!is_bench_) request_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view body, error_code&) {
  if (!is_bench_) request_.body.append(body.data(), body.size());
  return body.size();
}

Session::Session(Socket socket, SessionContext& context)
    : socket_(std::move(socket)), context_(context), delay_(socket_.get_executor()), buffer_(8192) {
  parser_.emplace(request_, context_.options.max_body_bytes);
}

void Session::close() {
  if (closed_) return;
  closed_ = true;
  error_code ignored;  // a failing close leaves nothing to do
  socket_.close(ignored);
  delay_.cancel();
}

void Session::read() {
  if (reading_ || closed_) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            self->reading_ = false;
                            self->read_ended(error, bytes);
                          });
}

void Session::read_ended(const error_code& error, std::size_t bytes) {
  if (closed_) return;
  if (error) {
    // Gone before its answer: the answer would be for nobody.
    if (busy_ && counts_) context_.scoreboard.answered(path_, request_.id, 0, unix_now());
    return close();
  }
  end_ += bytes;
  serve_buffered();
}

void Session::serve_buffered() {
  while (!busy_ && !closed_ && begin_ < end_) {
    error_code error;
    begin_ += parser_->put(asio::buffer(buffer_.data() + begin_, end_ - begin_), error);
    if (error && error != http::error::need_more) return bad_request(error);
    if (parser_->is_done()) {
      keep_alive_ = parser_->keep_alive();
      serve();
    } else if (error == http::error::need_more || begin_ == end_) {
      if (parser_->is_header_done() && request_.expects_continue && !continued_) {
        continued_ = true;
        send("HTTP/1.1 100 Continue\r\n\r\n");
      }
      break;
    }
  }
  if (closed_) return;
  // While an answer is delayed, room for one byte more is enough to notice that the peer has gone.
  if (!make_room()) return busy_ ? void() : bad_request(http::error::header_limit);
  read();
}

bool Session::make_room() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ < buffer_.size()) return true;
  if (buffer_.size() >= 2 * max_header_bytes) return false;
  buffer_.resize(buffer_.size() * 2);
  return true;
}

void Session::serve() {
  counts_ = false;
  if (request_.target == "/bench") {
    context_.scoreboard.counted_bench();
    request_ = {};
    parser_.emplace(request_, context_.options.max_body_bytes);
    send(std::string{bench_response});
    if (!keep_alive_) close();
    return;
  }
  const auto question = std::min(request_.target.find('?'), request_.target.size());
  path_ = request_.target.substr(0, question);
  const std::string_view query =
      std::string_view{request_.target}.substr(std::min(question + 1, request_.target.size()));
  give(judge(part_of(path_), path_, query));
}

Answer Session::judge(Part part, const std::string& path, std::string_view query) {
  if (part == Part::statistics)
    return {200, {}, {}, to_json(context_.scoreboard.snapshot(), query_number(query, "acceptances").value_or(0) > 0)};
  if (part == Part::unknown) return answer_of(part, 1, query, {});
  if (part == Part::bench) {
    context_.scoreboard.counted_bench();
    return answer_of(part, 1, query, {});
  }
  if (part == Part::token) {
    context_.scoreboard.arrived(path, request_.id);
    counts_ = true;
    return context_.authorization.issue(request_.authorization, request_.body);
  }
  if (part == Part::guarded && !context_.authorization.admits(request_.authorization)) {
    context_.scoreboard.arrived(path, request_.id);
    counts_ = true;
    return {401, {}, "WWW-Authenticate: Bearer\r\n", R"({"error":"who are you?"})"};
  }
  if (context_.options.verify) {
    const SignedMessage message{request_.id,
                                request_.timestamp,
                                request_.signature,
                                request_.oneprotect_timestamp,
                                request_.oneprotect_signature,
                                request_.body};
    const auto verdict = check_signature(message, context_.keys, std::chrono::floor<std::chrono::seconds>(unix_now()),
                                         context_.options.replay_window);
    if (verdict != SignatureVerdict::good) {
      const bool late = verdict == SignatureVerdict::outside_window;
      context_.scoreboard.refused(path, late);
      return {401, {}, {}, late ? R"({"error":"outside of the replay window"})" : R"({"error":"bad signature"})"};
    }
  }
  if (request_.id.empty()) request_.id = request_.idempotency_key;  // oneprotect-v1 alone has no id of its own
  counts_ = true;
  return answer_of(part, context_.scoreboard.arrived(path, request_.id), query, context_.options.slow_delay);
}

void Session::give(Answer answer) {
  if (answer.delay.count() == 0) return respond(answer);
  busy_ = true;
  delay_.expires_after(answer.delay);
  delay_.async_wait([self = shared_from_this(), answer = std::move(answer)](const error_code& error) {
    if (error || self->closed_) return;
    self->busy_ = false;
    self->respond(answer);
    self->serve_buffered();
  });
}

void Session::respond(const Answer& answer) {
  if (counts_) context_.scoreboard.answered(path_, request_.id, answer.status, unix_now());
  request_ = {};
  continued_ = false;
  parser_.emplace(request_, context_.options.max_body_bytes);
  if (answer.status == 0) return reset_connection();
  std::string bytes = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  const auto reason = http::obsolete_reason(static_cast<http::status>(answer.status));
  bytes.append(reason.data(), reason.size()).append("\r\nContent-Type: application/json\r\n").append(answer.headers);
  if (!keep_alive_) bytes.append("Connection: close\r\n");
  bytes.append("Content-Length: ").append(std::to_string(answer.body.size())).append("\r\n\r\n").append(answer.body);
  send(std::move(bytes));
}

// Small answers go at once; what the kernel does not take follows asynchronously, before the next request.
void Session::send(std::string bytes) {
  error_code error;
  std::size_t sent = socket_.write_some(asio::buffer(bytes), error);
  if (error && error != asio::error::would_block) return close();
  if (error) sent = 0;
  if (sent == bytes.size()) {
    if (!keep_alive_ && parser_ && !parser_->got_some()) close();
    return;
  }
  busy_ = true;
  unsent_ = bytes.substr(sent);
  asio::async_write(socket_, asio::buffer(unsent_), [self = shared_from_this()](const error_code& result, std::size_t) {
    if (result || !self->keep_alive_) return self->close();
    self->busy_ = false;
    self->serve_buffered();
  });
}

void Session::reset_connection() {
  error_code ignored;  // the connection goes away in any case
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void Session::bad_request(const error_code& error) {
  keep_alive_ = false;
  counts_ = false;
  const bool large = error == http::error::body_limit;
  respond({large ? 413 : 400, {}, {}, large ? R"({"error":"body too large"})" : R"({"error":"malformed request"})"});
}

}  // namespace opi::receiver
